package giving

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/app/packing"
	"zhilu.dev/zhilu/internal/casefile"
	"zhilu.dev/zhilu/internal/casefile/dossier"
	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/coverage"
	"zhilu.dev/zhilu/internal/disclosure"
	"zhilu.dev/zhilu/internal/disclosure/whole"
	"zhilu.dev/zhilu/internal/durable"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/locale"
	"zhilu.dev/zhilu/internal/recording/record"
	"zhilu.dev/zhilu/internal/viewing"
)

// Away says in what form a whole case leaves: a folder, one zip, or one zip encrypted for a recipient.
type Away struct {
	Zip       bool
	Recipient string // public key, age1…
	Progress  func(done, total int64)
}

// wholes plans packages of whole cases.
func (d Deps) wholes() (*whole.Service, error) {
	copies, err := d.copies()
	if err != nil {
		return nil, err
	}
	return whole.New(whole.Config{
		DB: d.DB, Clock: d.Clock, Bureau: d.Bureau, Words: d.Words.For(locale.Chinese), Press: d.Press.Set, Files: d.givenFiles, Open: d.fromVault, Copies: d.leaving,
		Recording: func(ctx context.Context, id ident.RecordingID) (whole.Recording, error) {
			r, err := record.One[record.Recording](ctx, d.DB.Reader, "recording.unknown", "id = ?", id)
			if err != nil {
				return whole.Recording{}, err
			}
			continuous, err := coverage.VerdictOf(ctx, d.DB.Reader, id)
			if err != nil {
				return whole.Recording{}, err
			}
			return whole.Recording{Name: r.Name, Verdict: r.Verdict, Continuity: string(continuous), StoredAt: clock.FromMicros(r.StoredAt), EndFrom: clock.FromMicros(r.EndFrom), EndTo: clock.FromMicros(r.EndTo)}, nil
		},
		OpenCopy: func(ctx context.Context, id string) (*disclosure.Taken, error) { return d.takeCopy(ctx, copies, id) },
		Looks: func(ctx context.Context, id ident.RecordingID) ([]viewing.Look, error) {
			return viewing.LooksOf(ctx, d.DB.Reader, id)
		},
	})
}

// WholeCase makes the package of a whole case as order.Out: a folder, or the file order.Out + ".zip" (".zip.age" where it is encrypted), whose
// footage is streamed from the vault into it and lies nowhere else. What was begun and may not leave leaves nothing behind.
func (d Deps) WholeCase(ctx context.Context, o *packing.Office, actor access.Actor, f casefile.File, order dossier.Order, a Away) (res dossier.Result, err error) {
	s, err := d.wholes()
	if err != nil {
		return res, err
	}
	sealed := a.Zip || a.Recipient != ""
	plan := func(c *dossier.Case) (dossier.More, error) {
		return s.Of(ctx, whole.Order{Case: c, Person: actor.Person, Request: order.Request, Apart: sealed, Progress: a.Progress})
	}
	if !sealed {
		return o.MakeWhole(ctx, actor, f, order, plan)
	}
	out := order.Out + ".zip"
	if a.Recipient != "" {
		if err := whole.ValidKey(a.Recipient); err != nil { // before anything is made, or entered
			return res, err
		}
		out += ".age"
	}
	if _, err := os.Lstat(out); err == nil {
		return res, fault.New(fault.Conflict, "dossier.exists", filepath.Base(out)).At("out")
	}
	dir, err := os.MkdirTemp(filepath.Dir(out), ".zhilu-whole-")
	if err != nil {
		return res, fault.Wrap(err, fault.Invalid, "dossier.out", filepath.Base(out)).At("out")
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	order.Out = filepath.Join(dir, "case")
	if res, err = o.MakeWhole(ctx, actor, f, order, plan); err != nil {
		return res, err
	}
	res.Folder = out
	return res, file(ctx, filepath.Join(dir, "sent"), out, func(ctx context.Context, to io.Writer) error {
		return whole.Stream(ctx, to, order.Out, res.Apart, a.Recipient)
	})
}

// SendWhole makes the package of a whole case and sends it as one zip, encrypted for recipient where one is given. Its papers lie in order.Out
// until it was sent; its footage lies nowhere but in the vault. begin is called when everything is entered and the first byte may go.
func (o *Office) SendWhole(ctx context.Context, actor access.Actor, f casefile.File, order dossier.Order, recipient string, progress func(done, total int64), begin func() io.Writer) error {
	if recipient != "" {
		if err := whole.ValidKey(recipient); err != nil {
			return err
		}
	}
	s, err := o.d.wholes()
	if err != nil {
		return err
	}
	res, err := o.d.Packing.MakeWhole(ctx, actor, f, order, func(c *dossier.Case) (dossier.More, error) {
		return s.Of(ctx, whole.Order{Case: c, Person: actor.Person, Request: order.Request, Apart: true, Progress: progress})
	})
	if err != nil {
		return err
	}
	return whole.Stream(ctx, begin(), order.Out, res.Apart, recipient)
}

// file writes a file under a name of its own, and gives it its name once it is whole and durable.
func file(ctx context.Context, temp, name string, write func(ctx context.Context, to io.Writer) error) error {
	f, err := os.OpenFile(filepath.Clean(temp), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return fault.Wrap(err, fault.Invalid, "dossier.out", filepath.Base(name)).At("out")
	}
	err = write(ctx, f)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	fsys := durable.OS()
	if err := fsys.RenameNew(temp, name); err != nil {
		return fault.Wrap(err, fault.Conflict, "dossier.exists", filepath.Base(name)).At("out")
	}
	return fsys.SyncDir(filepath.Dir(name))
}
