package whole

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"

	"zhilu.dev/zhilu/internal/casefile/dossier"
	"zhilu.dev/zhilu/internal/custody"
	"zhilu.dev/zhilu/internal/disclosure"
	"zhilu.dev/zhilu/internal/fault"
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
		N: n, Recording: string(p.recording), Title: p.says.Name, Kind: "none", Why: "not_consented", Files: []file{}, Continuity: notComputed,
		Verdict: verdict{p.says.Verdict, when(p.says.StoredAt), when(p.says.EndFrom), when(p.says.EndTo)},
	}
	if !p.item {
		return r, nil
	}
	r.Kind, r.Why = "copy", ""
	if p.original {
		r.Kind = "original"
	}
	for k, f := range p.files {
		name := fmt.Sprintf("footage/%03d-%d-original%s", n, k+1, ending(f.Name))
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
		return &watched{ReadCloser: src, ctx: ctx, w: w}, nil
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
	x := file{Name: at + "-copy" + ending(c.Name), Called: c.Name, FromMS: c.From.Milliseconds(), ToMS: c.To.Milliseconds(), Masked: c.Masked, Statement: at + "-statement.json"}
	src := &watched{ReadCloser: t, ctx: ctx, w: w}
	x.Size, x.SHA256, err = to.Copy(ctx, x.Name, src)
	if err = errors.Join(err, src.Close()); err != nil {
		return file{}, err
	}
	if t.Written != nil {
		x.Written = at + "-transcript" + ending(t.WrittenName)
		if err := to.Put(x.Written, t.Written); err != nil {
			return file{}, err
		}
	}
	return x, to.Put(x.Statement, t.Statement)
}

// watchEvery is how much of a recording is read before it is asked again whether it may leave.
const watchEvery = 64 << 20

// watched stops in the middle of a file once nothing may leave any more.
type watched struct {
	io.ReadCloser

	ctx  context.Context // one file, one context
	w    *Whole
	left int64
}

func (r *watched) Read(b []byte) (int, error) {
	if r.left <= 0 {
		if err := r.w.Holds(r.ctx, r.w.s.c.DB.Reader, r.w.s.c.Clock.Now()); err != nil {
			return 0, err
		}
		r.left = watchEvery
	}
	n, err := r.ReadCloser.Read(b)
	r.left -= int64(n)
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
				OpenedAt: when(l.OpenedAt), ClosedAt: when(l.ClosedAt), WatchedMS: l.WatchedFor.Milliseconds(), ConfirmedAt: when(l.ConfirmedAt), ConfirmedBy: l.ConfirmedName, Remark: l.Remark, Entry: entry,
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
			GivenAt: when(d.GivenAt), SHA256: d.SHA256, ReceiptOn: d.Receipt.On, ReceiptFrom: d.Receipt.By, Entry: entry,
		})
	}
	return nil
}

// newest is the newest entry about something; the package's log holds it with its proof.
func (w *Whole) newest(ctx context.Context, s custody.Subject) (string, error) {
	list, err := custody.List(ctx, w.s.c.DB.Reader, custody.Filter{Subject: s, Limit: 1, To: w.s.c.Clock.Now().AddDate(1, 0, 0)})
	if err != nil || len(list) == 0 {
		return "", err
	}
	return string(list[0].ID), nil
}

// ending is the ending of a camera's name, where it is a plain one.
func ending(name string) string {
	e := strings.ToLower(path.Ext(name))
	if len(e) < 2 || len(e) > 6 || strings.Trim(e[1:], "abcdefghijklmnopqrstuvwxyz0123456789") != "" {
		return ".bin"
	}
	return e
}
