package giving

import (
	"context"
	"strconv"
	"time"

	"zhilu.dev/zhilu/internal/casefile/rows"
	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/custody"
	"zhilu.dev/zhilu/internal/disclosure"
	"zhilu.dev/zhilu/internal/disclosure/disc"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/locale"
	"zhilu.dev/zhilu/internal/persons/lookup"
	"zhilu.dev/zhilu/internal/sheet"
	"zhilu.dev/zhilu/internal/viewing"
	"zhilu.dev/zhilu/internal/viewing/loan"
	pages "zhilu.dev/zhilu/internal/web/lookup"
	"zhilu.dev/zhilu/internal/web/site"
)

func (o *Office) openLookup() (err error) {
	o.Lookup, err = lookup.New(lookup.Config{
		DB: o.d.DB, Gate: o.d.Gate, Clock: o.d.Clock, Matters: o.Persons, Done: o.d.done,
		CaseNo: func(ctx context.Context, id ident.CaseID) (string, error) {
			c, err := o.d.Viewing.CaseOf(ctx, id)
			return c.No, err
		},
	})
	return err
}

func (o *Office) lookupRoutes() []site.Route {
	return pages.Routes(pages.Deps{
		Receipts: o.Lookup, Set: o.lookupReceipt,
		Proof: func(ctx context.Context, id ident.EntryID) ([]byte, error) {
			r, err := custody.Get(ctx, o.d.DB.Reader, id)
			if err != nil {
				return nil, err
			}
			return custody.ProveEntry(ctx, o.d.DB.Reader, r)
		},
	})
}

// done gathers what was done with the recordings that are linked to a case: looks, loans, discs, what was given out. Offices are named as
// they were then; in the official language, since receipts are.
func (d Deps) done(ctx context.Context, id ident.CaseID) ([]lookup.Line, error) {
	recs, err := rows.Filmed(ctx, d.DB.Reader, id)
	if err != nil {
		return nil, err
	}
	g := gathering{p: d.Words.For(locale.Chinese), at: map[lookup.Line]int{}}
	if err := g.looks(ctx, d, recs); err != nil {
		return nil, err
	}
	lent, err := loan.Lent(ctx, d.DB.Reader, recs)
	if err != nil {
		return nil, err
	}
	for i := range lent {
		l := &lent[i]
		g.add(lookup.Line{Ref: "loan:" + strconv.FormatInt(l.No, 10), Office: l.BorrowerDept, Kind: lookup.Borrowed}, l.LentAt)
	}
	discs, err := disc.OfCase(ctx, d.DB.Reader, id)
	if err != nil {
		return nil, err
	}
	for i := range discs {
		x := &discs[i]
		g.add(lookup.Line{Ref: "disc:" + x.Number, Office: d.DepartmentName(ctx, x.Department), Kind: lookup.Copied}, x.MadeAt)
	}
	given, err := disclosure.OfCase(ctx, d.DB.Reader, id)
	if err != nil {
		return nil, err
	}
	for i := range given {
		x := &given[i]
		if x.GivenAt.IsZero() {
			continue
		}
		l := lookup.Line{Ref: "given:" + string(x.ID), Office: x.To.Body, Kind: lookup.Received, Purpose: g.p.T("viewing.purpose." + string(x.Purpose))}
		if x.Manner == viewing.MannerPublish {
			l.Kind = lookup.Posted
		}
		g.add(l, x.GivenAt)
	}
	return g.lines, nil
}

// gathering puts together what is alike on one day.
type gathering struct {
	p     locale.Printer
	lines []lookup.Line
	at    map[lookup.Line]int
}

func (g *gathering) add(l lookup.Line, at time.Time) {
	if l.Office == "" {
		l.Office = g.p.T("viewing.no_department")
	}
	l.Day = at.In(clock.Shanghai).Format(time.DateOnly)
	i, found := g.at[l]
	if !found {
		i = len(g.lines)
		g.at[l] = i
		g.lines = append(g.lines, l)
	}
	g.lines[i].Times++
}

func (g *gathering) looks(ctx context.Context, d Deps, recs []ident.RecordingID) error {
	purposes := map[ident.ViewingID]string{}
	for _, rec := range recs {
		list, err := viewing.LooksOf(ctx, d.DB.Reader, rec)
		if err != nil {
			return err
		}
		for i := range list {
			l := &list[i]
			x := lookup.Line{Office: l.ViewerDept, Kind: lookup.Looked}
			switch l.Ground {
			case viewing.ByConsent:
				x.Ref = "request:" + string(l.Request)
				if _, known := purposes[l.Request]; !known {
					r, err := viewing.ByID(ctx, d.DB.Reader, l.Request)
					if err != nil {
						return err
					}
					purposes[l.Request] = g.p.T("viewing.purpose." + string(r.Purpose))
				}
				x.Purpose = purposes[l.Request]
			case viewing.ByHandler:
				x.Ref, x.Purpose = "handler:"+l.ViewerDept, g.p.T("viewing.handler_why")
			case viewing.ByOwn:
				x.Ref, x.Purpose = "own:"+l.ViewerDept, g.p.T("viewing.own")
			}
			g.add(x, l.OpenedAt)
		}
	}
	return nil
}

// lookupReceipt sets a receipt in the official language.
func (o *Office) lookupReceipt(ctx context.Context, r *lookup.Receipt) ([]byte, error) {
	p := o.d.Words.For(locale.Chinese)
	facts := []sheet.Fact{
		{Label: p.T("lookup.case"), Text: r.CaseNo},
		{Label: p.T("lookup.matter"), Text: strconv.FormatInt(r.MatterNo, 10)},
		{Label: p.T("lookup.until_now"), Text: p.Full(r.IssuedAt)},
		{Label: p.T("lookup.by"), Text: r.ByName + "　" + o.d.DepartmentName(ctx, r.Department)},
	}
	blocks := []sheet.Block{}
	if len(r.Lines) == 0 {
		blocks = append(blocks, sheet.Text(p.T("lookup.none")))
	} else {
		t := sheet.Table{Widths: []float64{26, 0, 24, 40, 14}, Head: []string{p.T("lookup.day"), p.T("lookup.office"), p.T("lookup.kind"), p.T("lookup.purpose"), p.T("lookup.times")}}
		for _, l := range r.Lines {
			t.Rows = append(t.Rows, []string{l.Day, l.Office, p.T("lookup.kind." + string(l.Kind)), l.Purpose, strconv.Itoa(l.Times)})
		}
		blocks = append(blocks, sheet.Grid(t))
	}
	for _, x := range r.Told {
		blocks = append(blocks, sheet.Strong(p.T("lookup.told_later", x.Lines, x.Ground, x.Until)))
	}
	entry, err := custody.Get(ctx, o.d.DB.Reader, r.Entry)
	if err != nil {
		entry = nil // the receipt is as good without the place
	}
	number := p.T("lookup.number", r.IssuedAt.In(clock.Shanghai).Format("2006"), r.No)
	return o.official(ctx, p.T("lookup.title"), number, r.IssuedAt, []sheet.Section{
		{Blocks: []sheet.Block{sheet.Facts(facts...)}},
		{Heading: p.T("lookup.lines"), Blocks: blocks},
		{Heading: p.T("handed.proof"), Blocks: []sheet.Block{entryFacts(p, r.Entry, entry), sheet.Note(p.T("lookup.proof_text"))}},
	}, p.T("lookup.sign_by"), p.T("handed.sign_date"))
}
