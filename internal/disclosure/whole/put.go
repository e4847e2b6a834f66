package whole

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"zhilu.dev/zhilu/internal/casefile/dossier"
	"zhilu.dev/zhilu/internal/custody"
	"zhilu.dev/zhilu/internal/disclosure"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/viewing/leaving"
)

// Shows implements dossier.More.
func (w *Whole) Shows() string {
	raw, err := json.Marshal(struct {
		Apart bool
		Looks any
		Given any
		Files any
	}{w.o.Apart, w.looks, w.given, w.names()})
	if err != nil {
		return ""
	}
	return digest(raw)
}

// names are what goes along of each recording.
func (w *Whole) names() []string {
	var out []string
	for i := range w.plans {
		p := &w.plans[i]
		out = append(out, string(p.recording)+p.says.Verdict)
		for _, f := range p.files {
			out = append(out, f.SHA256)
		}
		for _, c := range p.copies {
			out = append(out, c.ID)
		}
	}
	return out
}

// Put implements dossier.More.
func (w *Whole) Put(ctx context.Context, to dossier.Writer, papers dossier.Index) error {
	x := wholeFile{Format: format, Case: w.o.Case.ID, Recordings: []recording{}, Looks: []look{}, Disclosures: []given{}}
	for i := range w.plans {
		r, err := w.footage(ctx, to, i+1, &w.plans[i])
		if err != nil {
			return err
		}
		x.Recordings = append(x.Recordings, r)
	}
	if err := w.registers(ctx, &x); err != nil {
		return err
	}
	raw, err := custody.RenderJSON(x)
	if err != nil {
		return err
	}
	if err := to.Put("whole.json", raw); err != nil {
		return err
	}
	pdf, err := w.s.c.Press(ctx, w.sheet(to, &x, papers))
	if err != nil {
		return err
	}
	return to.Put("whole.pdf", pdf.Bytes)
}

// footage writes one recording.
func (w *Whole) footage(ctx context.Context, to dossier.Writer, n int, p *plan) (recording, error) {
	r := recording{
		N: n, Recording: string(p.recording), Title: p.says.Name, Kind: "none", Why: "not_consented", Files: []file{}, Continuity: cmp.Or(p.says.Continuity, noActivity),
		Verdict: verdict{p.says.Verdict, disclosure.When(p.says.StoredAt), disclosure.When(p.says.EndFrom), disclosure.When(p.says.EndTo)},
	}
	if !p.item {
		return r, nil
	}
	r.Kind, r.Why = "copy", ""
	if p.original {
		r.Kind = "original"
	}
	for k, f := range p.files {
		name := fmt.Sprintf("footage/%03d-%d-original%s", n, k+1, disclosure.Ending(f.Name))
		if err := w.original(ctx, to, name, f); err != nil {
			return r, err
		}
		r.Files = append(r.Files, file{Name: name, File: string(f.ID), Called: f.Name, Size: f.Size, SHA256: f.SHA256})
	}
	for k, c := range p.copies {
		x, err := w.copied(ctx, to, fmt.Sprintf("footage/%03d-%d", n, k+1), c)
		if err != nil {
			return r, err
		}
		r.Files = append(r.Files, x)
	}
	return r, nil
}

func (w *Whole) original(ctx context.Context, to dossier.Writer, name string, f disclosure.File) error {
	open := func(ctx context.Context) (io.ReadCloser, error) {
		src, err := w.s.c.Open(ctx, f.SHA256)
		if err != nil {
			return nil, err
		}
		return w.watch(ctx, src)
	}
	if w.o.Apart {
		return to.Leave(name, f.Size, f.SHA256, open)
	}
	src, err := open(ctx)
	if err != nil {
		return err
	}
	size, sum, err := to.Copy(ctx, name, src)
	if err = errors.Join(err, src.Close()); err != nil {
		return err
	}
	if size != f.Size || sum != f.SHA256 {
		return fault.New(fault.Internal, "whole.vault", f.Name)
	}
	return nil
}

// copied writes a masked copy, and beside it what it says of itself.
func (w *Whole) copied(ctx context.Context, to dossier.Writer, at string, c disclosure.Copy) (file, error) {
	t, err := w.s.c.OpenCopy(ctx, c.ID)
	if err != nil {
		return file{}, err
	}
	x := file{Name: at + "-copy" + disclosure.Ending(c.Name), Called: c.Name, FromMS: c.From.Milliseconds(), ToMS: c.To.Milliseconds(), Masked: c.Masked, Statement: at + "-statement.json"}
	src, err := w.watch(ctx, t)
	if err != nil {
		return file{}, err
	}
	x.Size, x.SHA256, err = to.Copy(ctx, x.Name, src)
	if err = errors.Join(err, src.Close()); err != nil {
		return file{}, err
	}
	if t.Written != nil {
		x.Written = at + "-transcript" + disclosure.Ending(t.WrittenName)
		if err := to.Put(x.Written, t.Written); err != nil {
			return file{}, err
		}
	}
	return x, to.Put(x.Statement, t.Statement)
}

// watchEvery is how much of a recording is read before it is asked again whether it may leave.
const watchEvery = 64 << 20

// watched is a file on its way out. It is not opened once nothing may leave any more, and then stops in the middle.
type watched struct {
	io.Reader
	io.Closer

	w *Whole
}

func (w *Whole) watch(ctx context.Context, src io.ReadCloser) (io.ReadCloser, error) {
	holds := func() error { return w.Holds(ctx, w.s.c.DB.Reader, w.s.c.Clock.Now()) }
	if err := holds(); err != nil {
		return nil, errors.Join(err, src.Close())
	}
	return &watched{leaving.NewReader(src, watchEvery, holds), src, w}, nil
}

func (r *watched) Read(b []byte) (int, error) {
	n, err := r.Reader.Read(b)
	r.w.done += int64(n)
	if r.w.o.Progress != nil {
		r.w.o.Progress(r.w.done, max(r.w.total, r.w.done))
	}
	return n, err //nolint:wrapcheck // io.EOF is looked at by its caller
}

// registers takes the rows that concern the case.
func (w *Whole) registers(ctx context.Context, x *wholeFile) error {
	for i := range w.plans {
		for _, l := range w.looks[i] {
			entry, err := w.newest(ctx, custody.Subject{Kind: "look", ID: string(l.ID)})
			if err != nil {
				return err
			}
			x.Looks = append(x.Looks, look{
				No: l.No, Look: string(l.ID), Recording: string(l.Recording), Kind: string(l.Kind), Ground: string(l.Ground), Request: string(l.Request), Viewer: l.ViewerName, Department: l.ViewerDept,
				OpenedAt: disclosure.When(l.OpenedAt), ClosedAt: disclosure.When(l.ClosedAt), WatchedMS: l.WatchedFor.Milliseconds(), ConfirmedAt: disclosure.When(l.ConfirmedAt), ConfirmedBy: l.ConfirmedName, Remark: l.Remark, Entry: entry,
			})
		}
	}
	for i := range w.given {
		d := &w.given[i]
		entry, err := w.newest(ctx, custody.Subject{Kind: "disclosure", ID: string(d.ID)})
		if err != nil {
			return err
		}
		x.Disclosures = append(x.Disclosures, given{
			No: d.Number(), Disclosure: string(d.ID), State: string(d.State), Manner: string(d.Manner), To: d.To.Body, Person: d.To.Person, Basis: d.To.Basis,
			GivenAt: disclosure.When(d.GivenAt), SHA256: d.SHA256, ReceiptOn: d.Receipt.On, ReceiptFrom: d.Receipt.By, Entry: entry,
		})
	}
	return nil
}

// newest is the newest entry about something; the package's log holds it with its proof.
func (w *Whole) newest(ctx context.Context, s custody.Subject) (string, error) {
	list, err := custody.List(ctx, w.s.c.DB.Reader, custody.Filter{Subject: s, Limit: 1})
	if err != nil || len(list) == 0 {
		return "", err
	}
	return string(list[0].ID), nil
}
