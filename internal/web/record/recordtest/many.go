package recordtest

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/locale"
	"zhilu.dev/zhilu/internal/recording"
	"zhilu.dev/zhilu/internal/recording/record"
	"zhilu.dev/zhilu/internal/recording/storage"
)

// Crowd is who and what the rows of Many are about.
type Crowd struct {
	Departments []ident.DepartmentID // the first is the house's own
	Officers    []ident.PersonID     // the first is the house's own
	Devices     []ident.DeviceID
}

const batch = 500

// Many writes n rows of recordings as years of twenty departments would leave them: two in a hundred late, one in twenty
// with a finding, in the order in which they were stored. No files stand behind them: it is for lists.
func (h *House) Many(n int) Crowd {
	h.t.Helper()
	c := Crowd{Departments: []ident.DepartmentID{h.Departments[0].ID}, Officers: []ident.PersonID{h.People["officer"].ID}}
	for range 19 {
		c.Departments = append(c.Departments, ident.New[ident.DepartmentID]())
	}
	given := []string{"阿依努尔", "古丽巴哈尔", "迪丽拜尔", "吐尔逊江", "艾合麦提", "建国", "秀英", "志强"}
	family := []string{"买买提", "阿卜杜热西提", "吐尔逊", "卡迪尔", "王", "李", "张", "赵"}
	for range 399 {
		c.Officers = append(c.Officers, ident.New[ident.PersonID]())
		c.Devices = append(c.Devices, ident.New[ident.DeviceID]())
	}
	random := rand.New(rand.NewPCG(1, 2)) // the same rows each time
	begin := h.Clock.Now().Add(-5 * 365 * 24 * time.Hour)
	step := 5 * 365 * 24 * time.Hour / time.Duration(n+1)
	for done := 0; done < n; done += batch {
		rows := make([]record.Recording, 0, batch)
		for i := done; i < min(done+batch, n); i++ {
			rows = append(rows, h.one(random, c, given, family, begin.Add(time.Duration(i)*step), i))
		}
		h.insert(rows)
	}
	if record.IsPostgres(h.DB.Writer) { // as its autovacuum would have done meanwhile
		_ = must(h.DB.Writer.NewRaw("ANALYZE").Exec(context.Background()))(h.t)
	}
	return c
}

func (h *House) one(random *rand.Rand, c Crowd, given, family []string, at time.Time, i int) record.Recording {
	who, dev := random.IntN(len(c.Officers)), random.IntN(len(c.Devices))
	length := time.Duration(random.IntN(7200)+5) * time.Second
	start := at.Add(-length - time.Duration(random.IntN(20))*time.Hour)
	r := record.Recording{
		ID: ident.New[ident.RecordingID](), Kind: recording.Video, State: recording.Verified, Files: 1, Size: random.Int64N(8 << 30), StoredAt: clock.Micros(at),
		Name:    fmt.Sprintf("DSJ-%04d_%s_%04d.MP4", dev, start.In(clock.Shanghai).Format("20060102150405"), i%10000),
		StartAt: clock.Micros(start), StartFrom: clock.Micros(start), StartTo: clock.Micros(start), StartSource: "container_local", Duration: length.Microseconds(),
		EndFrom: clock.Micros(start.Add(length)), EndTo: clock.Micros(start.Add(length)), SortAt: clock.Micros(start), Device: c.Devices[dev], DeviceName: fmt.Sprintf("Z-%03d", dev),
		DeviceHow: "card", Officer: c.Officers[who], OfficerName: given[who%len(given)] + "·" + family[who/len(given)%len(family)], Certainty: "whole",
		Department: c.Departments[who%len(c.Departments)], Verdict: string(storage.InTime),
	}
	switch random.IntN(100) {
	case 0, 1:
		r.Verdict = string(storage.Late)
	case 2:
		r.Verdict = string(storage.CannotJudge)
	case 3, 4, 5:
		r.Verdict = string(storage.InTimeReturn)
	}
	switch random.IntN(20) {
	case 0:
		r.SetFlags([]record.Flag{"clock_doubt"})
	case 1:
		r.Kind = recording.Audio
	}
	if random.IntN(50_000) == 0 {
		r.State = recording.Damaged
	}
	return r
}

func (h *House) insert(rows []record.Recording) {
	h.t.Helper()
	ctx := context.Background()
	tx := must(h.DB.Writer.BeginTx(ctx, nil))(h.t)
	defer func() { _ = tx.Rollback() }()
	_ = must(tx.NewInsert().Model(&rows).ExcludeColumn("seq").Returning("seq").Exec(ctx))(h.t)
	for _, r := range rows {
		terms := locale.IndexText(record.SearchText(&r, ""))
		write := "INSERT INTO recording_fts (rowid, terms) VALUES (?1, ?0)"
		if record.IsPostgres(tx) {
			write = "UPDATE recording SET search_vector = to_tsvector('simple', ?0) WHERE seq = ?1"
		}
		_ = must(tx.NewRaw(write, terms, r.Seq).Exec(ctx))(h.t)
		for _, f := range r.FlagList() {
			_ = must(tx.NewInsert().Model(&record.Flagged{Recording: r.ID, Seq: r.Seq, Flag: f, At: r.StoredAt}).Exec(ctx))(h.t)
		}
	}
	if err := tx.Commit(); err != nil {
		h.t.Fatal(err)
	}
}
