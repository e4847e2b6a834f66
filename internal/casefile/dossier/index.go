package dossier

import (
	"time"

	"zhilu.dev/zhilu/internal/clock"
)

// Row is one line of the index (卷内文件目录). From and To are page numbers of the file, 0 for what has no pages.
type Row struct {
	N      int    `json:"n"`
	No     string `json:"no"` // 文号
	Title  string `json:"title"`
	Date   string `json:"date"`
	Author string `json:"author"` // 责任者
	From   int    `json:"from"`
	To     int    `json:"to"`
	Note   string `json:"note"` // 备注
}

// Index is the index of a case file. Page 1 is the first page of the first paper; the index itself has no number.
type Index struct {
	Format string `json:"format"`
	Pages  int    `json:"pages"`
	Rows   []Row  `json:"rows"`
}

// IndexOf gives the index of papers in the order of the file; pages holds how many pages each has. Missing counts are none.
func IndexOf(papers []Paper, pages []int) Index {
	x := Index{Format: "zhilu-case-index/v1", Rows: make([]Row, len(papers))}
	for i, p := range papers {
		r := Row{N: i + 1, No: p.No, Title: p.Title, Date: day(p.FixedAt), Author: p.Author, Note: p.Note}
		if i < len(pages) && pages[i] > 0 {
			r.From, r.To = x.Pages+1, x.Pages+pages[i]
			x.Pages = r.To
		}
		x.Rows[i] = r
	}
	return x
}

// day is a day of the bureau's calendar, "" for none.
func day(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.In(clock.Shanghai).Format(time.DateOnly)
}
