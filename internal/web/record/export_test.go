package record

import (
	"fmt"
	"strings"
	"time"

	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/locale"
	"zhilu.dev/zhilu/internal/sheet"
	"zhilu.dev/zhilu/internal/web/ui"
)

// What the paper has people type.
const (
	TypeKey    = typeKey
	TypeSigned = typeSigned
)

// LongSheet is the certificate of a recording of many files that went through many hands.
func LongSheet(p locale.Printer, files, steps int) sheet.Paper {
	at := time.Date(2026, 11, 24, 1, 0, 0, 0, time.UTC)
	v := certificateView{Bureau: "和田地区交通运输综合行政执法局", Facts: []ui.Fact{
		ui.FactText("使用人", "阿卜杜热合曼·阿卜杜外力·买买提吐尔逊·艾合麦提江·托合提", "领用记录"), ui.FactText("生僻字", "𬱖䶮㐂𠮷\U000323b0", ""),
		ui.FactText("ئۇيغۇرچە", "خوتەن ۋىلايەتلىك قاتناش تەرەپ ئەمەلدارلىرى", ""), ui.FactText("名称", strings.Repeat("x", 3000), ""),
	}}
	for i := range files {
		v.Files = append(v.Files, fileView{
			Name: fmt.Sprintf("DSJ-0007_20261124040000_%04d.MP4", i), Path: "DCIM/100", Size: "3.7 GB", Promise: "2026-11-24 09:00:00 封存。",
			SHA256: fmt.Sprintf("%064x", i+1), SM3: fmt.Sprintf("%064x", i+1001),
		})
	}
	for i := range steps {
		v.Events = append(v.Events, eventView{ID: ident.New[ident.EntryID](), At: Stamp(at), Actor: "古丽巴哈尔·阿卜杜热西提（保管人）", Position: fmt.Sprintf("日志第 %d 条", i), Event: ui.Event{Text: "封存原件"}})
	}
	return certificateSheet(p, v, ident.New[ident.EntryID](), at, "王建国")
}
