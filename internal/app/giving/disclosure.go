package giving

import (
	"context"
	"io"
	"time"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/casefile/dossier"
	"zhilu.dev/zhilu/internal/disclosure"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/recording/record"
	"zhilu.dev/zhilu/internal/redaction"
	"zhilu.dev/zhilu/internal/viewing"
	"zhilu.dev/zhilu/internal/web/giveout"
	"zhilu.dev/zhilu/internal/web/site"
)

func (o *Office) openGiven() (err error) {
	o.Given, err = disclosure.New(disclosure.Config{
		DB: o.d.DB, Gate: o.d.Gate, Clock: o.d.Clock, Origin: o.d.Keys.Origin(), Bureau: o.d.Bureau,
		Object: func(ctx context.Context, id ident.RecordingID) (disclosure.Object, error) {
			x, err := viewing.Over(o.d.Recordings).Object(ctx, id)
			return disclosure.Object{ID: x.ID, Department: x.Department, Name: x.Name}, err
		},
		Files: o.d.givenFiles, Open: o.d.fromVault, Receipt: o.d.Packing.Receipt,
		Copies: o.d.leaving, OpenCopy: o.openCopy,
		// The one who asked was let in to the case when the request was made; what leaves is decided of the request.
		Case: func(ctx context.Context, id ident.CaseID) (*dossier.Case, error) {
			f, err := o.d.Cases.Get(ctx, access.HostActor("disclosure"), id)
			if err != nil {
				return nil, err
			}
			return o.d.Packing.Case(ctx, f)
		},
		Print: o.d.Packing.Print,
	})
	return err
}

func (d Deps) givenFiles(ctx context.Context, id ident.RecordingID) ([]disclosure.File, error) {
	rows, err := record.FilesOf(ctx, d.DB.Reader, id)
	out := make([]disclosure.File, len(rows))
	for i, f := range rows {
		out[i] = disclosure.File{ID: f.ID, Name: f.Name, SHA256: f.SHA256, Size: f.Size}
	}
	return out, err
}

// fromVault opens an original under its digest.
func (d Deps) fromVault(ctx context.Context, sha256 string) (io.ReadCloser, error) {
	digest := record.Digest(sha256)
	if digest == nil {
		return nil, fault.New(fault.Internal, "vault.digest_malformed")
	}
	obj, err := d.Vault.Open(ctx, *digest)
	if err != nil {
		return nil, err
	}
	return stream{io.NewSectionReader(obj, 0, obj.Size()), obj}, nil
}

// leaving lists the masked copies that may leave.
func (d Deps) leaving(ctx context.Context, rec ident.RecordingID) ([]disclosure.Copy, error) {
	list, err := redaction.Leaving(ctx, d.DB.Reader, rec)
	out := make([]disclosure.Copy, len(list))
	for i := range list {
		c := &list[i]
		out[i] = disclosure.Copy{
			ID: string(c.ID), No: c.No, Recording: c.Recording, From: time.Duration(c.Plan.From) * time.Millisecond, To: time.Duration(c.Plan.To) * time.Millisecond, Masked: c.Masked(), Name: c.FileName(),
		}
	}
	return out, err
}

func (o *Office) openCopy(ctx context.Context, id string) (*disclosure.Taken, error) {
	return o.d.takeCopy(ctx, o.Redaction, id)
}

// takeCopy opens a masked copy with what says of it what it is.
func (d Deps) takeCopy(ctx context.Context, from *redaction.Service, id string) (*disclosure.Taken, error) {
	c, err := redaction.OneLeaving(ctx, d.DB.Reader, ident.CopyID(id))
	if err != nil {
		return nil, err
	}
	t, err := from.Bytes(ctx, c)
	if err != nil {
		return nil, err
	}
	out := &disclosure.Taken{ReadCloser: t, Media: c.Size, Statement: t.Statement, Written: t.Written}
	if t.Transcript != nil {
		out.WrittenName = t.Transcript.Name
	}
	return out, nil
}

func (o *Office) givenPages() []site.Route {
	if o.Given == nil {
		return nil
	}
	return giveout.Routes(giveout.Deps{Given: o.Given, Bureau: o.d.Bureau, Name: func(ctx context.Context, id ident.RecordingID) string {
		r, err := o.d.Recordings.Brief(ctx, id)
		if err != nil {
			return string(id)
		}
		return r.Name
	}})
}
