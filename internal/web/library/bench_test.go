package library_test

import (
	"fmt"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/db"
	"zhilu.dev/zhilu/internal/db/dbtest"
	"zhilu.dev/zhilu/internal/web/record/recordtest"
)

// What is asked of the library while it is measured (decisions, "Figures").
const (
	perSecond = 20
	seconds   = 30
)

var nextPage = regexp.MustCompile(`href="(/recordings\?[^"]*after=[^"]*)" rel="next"`)

// BenchmarkLibrary asks whole pages of a library of ZHILU_BENCH_ROWS rows (make bench-library: 1,000,000), twenty a second
// whether the ones before are answered or not, and reports how long they took. Without the variable it has too few rows to
// say anything of the product and serves to keep the benchmark itself right.
func BenchmarkLibrary(b *testing.B) {
	rows, err := strconv.Atoi(os.Getenv("ZHILU_BENCH_ROWS"))
	if err != nil {
		rows = 2000
	}
	for _, engine := range []struct {
		name string
		open func(testing.TB) *db.DB
	}{{"sqlite", dbtest.SQLite}, {"postgres", dbtest.Postgres}} {
		b.Run(engine.name, func(b *testing.B) { measure(b, recordtest.NewOn(b, engine.open(b)), rows) })
	}
}

func measure(b *testing.B, h *recordtest.House, rows int) {
	b.Helper()
	begun := time.Now()
	c := h.Many(rows)
	b.Logf("%d rows written in %s", rows, time.Since(begun).Round(time.Second))
	leader, keeper, officer := h.As(access.Leader), h.As(access.Custodian), h.As(access.Officer)
	day := func(n int) string { return h.Clock.Now().AddDate(0, 0, -n).Format(time.DateOnly) }
	asks := []struct {
		who   *recordtest.Reader
		query string
	}{
		{leader, ""},
		{leader, "verdict=late"},
		{leader, "verdict=cannot_judge&sort=start"},
		{leader, "state=damaged"},
		{leader, "flag=clock_doubt"},
		{leader, "q=" + url.QueryEscape("买买提")},
		{leader, "q=" + url.QueryEscape("古丽巴哈尔卡迪尔")},
		{leader, "q=DSJ-0123"},
		{leader, "q=Z-007&verdict=late"},
		{leader, "sort=start&dir=asc"},
		{leader, "sort=size"},
		{leader, "sort=length&verdict=in_time"},
		{leader, "sort=size&verdict=late"},
		{leader, "from=" + day(400) + "&to=" + day(370)},
		{leader, "sort=start&from=" + day(400) + "&to=" + day(370)},
		{leader, "department=" + string(c.Departments[7])},
		{leader, "department=" + string(c.Departments[7]) + "&verdict=late&sort=size"},
		{leader, "officer=" + string(c.Officers[9]) + "&sort=length"},
		{leader, "device=" + string(c.Devices[5]) + "&sort=start"},
		{leader, "kind=audio"},
		{keeper, ""},
		{keeper, "sort=start"},
		{keeper, "sort=size&dir=asc"},
		{keeper, "verdict=late"},
		{keeper, "flag=clock_doubt"},
		{keeper, "q=" + url.QueryEscape("买买提")},
		{officer, ""},
		{officer, "sort=length"},
		{officer, "verdict=late"},
	}
	for _, a := range asks { // each alone, so that a slow one is seen for what it is
		at := time.Now()
		a.who.Get("/recordings?" + a.query)
		b.Logf("alone %4d ms  %.60s", time.Since(at).Milliseconds(), a.query)
	}
	took := make([][]time.Duration, len(asks))
	next := make([]string, len(asks)) // each goes on where its last page ended
	var mu sync.Mutex
	var all sync.WaitGroup
	tick := time.NewTicker(time.Second / perSecond)
	defer tick.Stop()
	for i := range perSecond * seconds {
		<-tick.C
		all.Go(func() {
			n := i % len(asks)
			mu.Lock()
			path := next[n]
			mu.Unlock()
			if path == "" {
				path = "/recordings?" + asks[n].query
			}
			at := time.Now()
			a := asks[n].who.Get(path)
			d := time.Since(at)
			mu.Lock()
			defer mu.Unlock()
			if a.Status != http.StatusOK {
				b.Errorf("%s: %d", path, a.Status)
			}
			took[n] = append(took[n], d)
			next[n] = ""
			if m := nextPage.FindStringSubmatch(a.Body); m != nil {
				next[n] = regexp.MustCompile("&amp;").ReplaceAllString(m[1], "&")
			}
		})
	}
	all.Wait()
	var every []time.Duration
	for n, list := range took {
		slices.Sort(list)
		every = append(every, list...)
		b.Logf("%-60s p50 %4d ms  max %4d ms", fmt.Sprintf("%.60s", asks[n].query), list[len(list)/2].Milliseconds(), list[len(list)-1].Milliseconds())
	}
	slices.Sort(every)
	b.ReportMetric(float64(every[len(every)/2].Milliseconds()), "p50-ms")
	b.ReportMetric(float64(every[len(every)*95/100].Milliseconds()), "p95-ms")
	b.ReportMetric(float64(every[len(every)-1].Milliseconds()), "max-ms")
	b.ReportMetric(0, "ns/op")
}
