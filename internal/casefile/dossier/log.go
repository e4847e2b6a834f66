package dossier

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/uptrace/bun"

	"zhilu.dev/zhilu/internal/custody"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/ident"
)

// maxLog is what a reader of packages takes of the log.
const maxLog = 256 << 20

// log writes the entries about the case with their openings, each with its proof, and the head and keys of the log. Copies of rows
// stay closed: they are the house's own and may speak of others.
func (m *making) log(ctx context.Context) error {
	recs, err := m.s.entries(ctx, m.o.Case, m.o.More)
	if err != nil {
		return err
	}
	out, head, err := lines(ctx, m.s.c.DB.Reader, recs)
	if err != nil {
		return err
	}
	if err := m.w.put("log/entries.jsonl", out); err != nil {
		return err
	}
	if err := m.w.put("log/checkpoint", head); err != nil {
		return err
	}
	trust, err := custody.ReadTrust(ctx, m.s.c.DB.Reader, m.s.c.Origin, m.s.c.Bureau)
	if err != nil {
		return err
	}
	text, err := trust.Render()
	if err != nil {
		return err
	}
	return m.w.put("log/trust.json", text)
}

// lines gives entries as a package holds them, each with its proof, and the head of the log that the proofs lead to.
func lines(ctx context.Context, idb bun.IDB, recs []custody.Record) (out, head []byte, err error) {
	prover, err := custody.NewProver(ctx, idb)
	if err != nil {
		return nil, nil, err
	}
	var all bytes.Buffer
	for i := range recs {
		proof, err := prover.Prove(recs[i].Index)
		if err != nil {
			return nil, nil, err
		}
		openings, err := recs[i].OpenAll()
		if err != nil {
			return nil, nil, err
		}
		openings = slices.DeleteFunc(openings, func(o custody.Opening) bool { return strings.HasSuffix(o.Name, "_row") })
		shown, err := recs[i].Disclose(openings)
		if err != nil {
			return nil, nil, err
		}
		raw, err := line(logLine{proof.Index, shown.Leaf, shown.Detail, shown.Opened, proof.Hashes})
		if err != nil {
			return nil, nil, err
		}
		if all.Write(raw); all.Len() > maxLog {
			return nil, nil, fault.New(fault.TooLarge, "dossier.too_many", len(recs))
		}
	}
	return all.Bytes(), []byte(prover.Head.Note), nil
}

// Lines gives the entries of these ids as a package holds them, each once, with the head of the log. Unavailable "log.proof_waiting"
// while one of them has no place in the log yet; an empty id is passed over.
func Lines(ctx context.Context, idb bun.IDB, ids []ident.EntryID) (out, head []byte, err error) {
	seen := map[ident.EntryID]bool{"": true}
	var recs []custody.Record
	for _, id := range ids {
		if seen[id] {
			continue
		}
		seen[id] = true
		r, err := custody.Get(ctx, idb, id)
		if err != nil {
			return nil, nil, err
		}
		if r.Index < 0 {
			return nil, nil, fault.New(fault.Unavailable, "log.proof_waiting")
		}
		recs = append(recs, *r)
	}
	slices.SortFunc(recs, func(a, b custody.Record) int { return cmp.Compare(a.Index, b.Index) })
	return lines(ctx, idb, recs)
}

// entries gives every entry about the case in the order of the log, once all of them have their place there.
func (s *Service) entries(ctx context.Context, c *Case, more More) ([]custody.Record, error) {
	var recs []custody.Record
	err := s.until(ctx, func() (done bool, err error) {
		recs, err = s.about(ctx, c, more)
		return err == nil && !slices.ContainsFunc(recs, func(r custody.Record) bool { return r.Index < 0 }), err
	})
	slices.SortFunc(recs, func(a, b custody.Record) int { return cmp.Compare(a.Index, b.Index) })
	return recs, err
}

func (s *Service) about(ctx context.Context, c *Case, more More) ([]custody.Record, error) {
	var out []custody.Record
	subjects := []custody.Subject{{Kind: "case", ID: c.ID}}
	if more != nil {
		subjects = append(subjects, more.About()...)
	}
	have := map[ident.EntryID]bool{}
	for _, subject := range subjects {
		f := custody.Filter{Subject: subject, Limit: 500}
		for {
			page, err := custody.List(ctx, s.c.DB.Reader, f)
			if err != nil {
				return nil, err
			}
			for _, r := range page {
				if !have[r.ID] {
					have[r.ID] = true
					out = append(out, r)
				}
			}
			if len(page) < int(f.Limit) {
				break
			}
			f.Before = page[len(page)-1].Seq
		}
	}
	named := map[ident.EntryID]string{}
	for _, id := range c.entries() {
		named[id] = c.Title
	}
	for i := range c.Papers {
		for _, id := range c.Papers[i].Entries() {
			named[id] = c.Papers[i].Title
		}
	}
	for id, title := range named {
		if id == "" || have[id] {
			continue
		}
		r, err := custody.Get(ctx, s.c.DB.Reader, id)
		if fault.Is(err, fault.NotFound) {
			return nil, fault.Wrap(err, fault.Conflict, "dossier.entry", title)
		}
		if err != nil {
			return nil, err
		}
		out = append(out, *r)
	}
	return out, nil
}

// Entries are the entries that a paper names; some may be empty.
func (p *Paper) Entries() []ident.EntryID {
	out := []ident.EntryID{p.Entry}
	for _, s := range p.Signatures {
		out = append(out, s.Entry)
	}
	for _, a := range p.Approvals {
		out = append(out, a.Entry)
	}
	for _, d := range p.Deliveries {
		out = append(out, d.Entry)
	}
	return out
}

// placed gives an entry once it has its place in the log.
func (s *Service) placed(ctx context.Context, id ident.EntryID) (*custody.Record, error) {
	var rec *custody.Record
	err := s.until(ctx, func() (done bool, err error) {
		rec, err = custody.Get(ctx, s.c.DB.Reader, id)
		return err == nil && rec.Index >= 0, err
	})
	return rec, err
}

// until asks again and again, for a minute at most. The log is sequenced by the server, or here where there is none.
func (s *Service) until(ctx context.Context, ready func() (bool, error)) error {
	const pause = 50 * time.Millisecond
	for range int(placeWithin / pause) {
		if done, err := ready(); done || err != nil {
			return err
		}
		if s.c.Sequence != nil {
			if err := s.c.Sequence(ctx); err != nil {
				return err
			}
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("dossier: %w", ctx.Err())
		case <-time.After(pause):
		}
	}
	return fault.New(fault.Unavailable, "dossier.waiting")
}
