package door

import (
	"context"
	"io"
	"net/http"
	"strings"

	tus "github.com/tus/tusd/v2/pkg/handler"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/recording"
	"zhilu.dev/zhilu/internal/vault"
)

// request is what one HTTP request brings along to the store; tusd hands its context through.
type request struct {
	actor access.Actor
	http  *http.Request
	body  *body
	// upload is set for requests to an existing upload, after its owner was checked.
	upload *recording.UploadInfo
}

type requestKey struct{}

func requestOf(ctx context.Context) *request {
	r, _ := ctx.Value(requestKey{}).(*request) //nolint:errcheck // absent only in a wiring defect, caught by the tests
	return r
}

// store is tusd's view of intake. Every byte it acknowledges is durable (decision 16).
type store struct{ d *Door }

// upload is one upload as tusd sees it.
type upload struct {
	d     *Door
	up    recording.UploadInfo
	stage vault.Stage // nil once the upload has ended
	meta  tus.MetaData
}

func (s *store) NewUpload(ctx context.Context, info tus.FileInfo) (tus.Upload, error) {
	r := requestOf(ctx)
	size := info.Size
	if info.SizeIsDeferred {
		size = vault.SizeUnknown
	}
	intent, err := intentOf(info.MetaData, size)
	if err != nil {
		return nil, s.d.tusError(ctx, err)
	}
	id, err := s.d.c.Intake.Begin(ctx, r.actor, intent)
	if fault.HasCode(err, "card.unknown") && info.MetaData["card"] == "" {
		// A browser names each choice of files with an id of its own. Unless it is a docking, it says nothing.
		intent.Card = ""
		id, err = s.d.c.Intake.Begin(ctx, r.actor, intent)
	}
	if err != nil {
		return nil, s.d.tusError(ctx, err)
	}
	up, err := s.d.c.Intake.Upload(ctx, id)
	if err != nil {
		return nil, s.d.tusError(ctx, err)
	}
	r.upload = &up
	stage, err := s.d.c.Vault.Resume(ctx, id)
	if err != nil {
		return nil, s.d.tusError(ctx, err)
	}
	return &upload{d: s.d, up: up, stage: stage, meta: info.MetaData}, nil
}

func (s *store) GetUpload(ctx context.Context, _ string) (tus.Upload, error) {
	r := requestOf(ctx)
	if r == nil || r.upload == nil {
		return nil, tus.ErrNotFound
	}
	u := &upload{d: s.d, up: *r.upload, meta: metaOf(*r.upload)}
	if ended(*r.upload) {
		return u, nil
	}
	stage, err := s.d.c.Vault.Resume(ctx, u.up.ID)
	if fault.Is(err, fault.NotFound) { // sealed by an earlier request whose row is being written, or lost to the clean-up
		return u, nil
	}
	if err != nil {
		return nil, s.d.tusError(ctx, err)
	}
	u.stage = stage
	return u, nil
}

func (s *store) AsTerminatableUpload(u tus.Upload) tus.TerminatableUpload { return u.(*upload) }

func (s *store) AsLengthDeclarableUpload(u tus.Upload) tus.LengthDeclarableUpload { return u.(*upload) }

func (u *upload) GetInfo(context.Context) (tus.FileInfo, error) {
	info := tus.FileInfo{ID: string(u.up.ID), Size: u.up.Size, MetaData: u.meta}
	if u.stage != nil {
		info.Offset, info.Size = u.stage.Offset(), u.stage.Size()
	} else {
		info.Offset = u.up.Size
	}
	info.SizeIsDeferred = info.Size == vault.SizeUnknown
	if info.SizeIsDeferred {
		info.Size = 0
	}
	return info, nil
}

func (u *upload) WriteChunk(ctx context.Context, _ int64, src io.Reader) (int64, error) {
	if u.stage == nil {
		return 0, tus.ErrModifyFinal
	}
	r := requestOf(ctx)
	var check func() error
	left := int64(-1)
	if u.stage.Size() != vault.SizeUnknown {
		left = u.stage.Size() - u.stage.Offset()
	}
	switch {
	case r.body.needsCheck():
		check = func() error { return r.body.check(r.http) }
	case left >= 0 && r.http.ContentLength < 0:
		// A body of unknown length may hold more than the upload takes. tusd cuts it and would finish the file.
		check = func() error {
			if r.body.n > left {
				return fault.New(fault.TooLarge, "vault.over_size", u.stage.Size())
			}
			return nil
		}
	}
	n, err := u.stage.Append(ctx, src, check)
	if err != nil {
		return n, u.d.tusError(ctx, err)
	}
	return n, nil
}

func (u *upload) GetReader(context.Context) (io.ReadCloser, error) { return nil, tus.ErrNotImplemented }

// FinishUpload is called when the last byte is durable; the seal follows in the handler's own hook, which can answer.
func (u *upload) FinishUpload(context.Context) error { return nil }

func (u *upload) Terminate(ctx context.Context) error {
	if u.stage == nil {
		return tus.NewError("upload.sealed", "sealed evidence is not removed", http.StatusForbidden)
	}
	if err := u.d.c.Intake.Discard(ctx, requestOf(ctx).actor, u.up.ID); err != nil {
		return u.d.tusError(ctx, err)
	}
	return nil
}

func (u *upload) DeclareLength(ctx context.Context, length int64) error {
	if u.stage == nil {
		return tus.ErrModifyFinal
	}
	if err := u.stage.DeclareSize(ctx, length); err != nil {
		return u.d.tusError(ctx, err)
	}
	return nil
}

// intentOf reads what the sender says of the file. All of it is hostile text.
func intentOf(meta tus.MetaData, size int64) (recording.Intent, error) {
	in := recording.Intent{Name: meta["filename"], RelPath: meta["path"], Size: size}
	if in.Name == "" {
		in.Name = meta["name"] // what other tus clients call it
	}
	if in.RelPath == "" {
		in.RelPath = meta["relativepath"]
	}
	if v := meta["mtime"]; v != "" {
		in.ModTime = parseTime(v)
	} else if v := meta["lastmodified"]; v != "" {
		in.ModTime = parseTime(v)
	}
	card := meta["card"]
	if card == "" {
		card = meta["cardid"]
	}
	if card != "" {
		id, err := ident.Parse[ident.CardID](card)
		if err != nil {
			return in, fault.New(fault.Invalid, "upload.card_malformed")
		}
		in.Card = id
	}
	if v := strings.ToLower(meta["sha256"]); v != "" {
		d, err := vault.ParseDigest(v)
		if err != nil {
			return in, fault.New(fault.Invalid, "upload.digest_malformed")
		}
		in.SHA256 = &d
	}
	return in, nil
}

func metaOf(u recording.UploadInfo) tus.MetaData {
	m := tus.MetaData{"filename": u.Name}
	if u.RelPath != "" {
		m["path"] = u.RelPath
	}
	if u.Card != "" {
		m["card"] = string(u.Card)
	}
	return m
}

// ended reports whether the upload's bytes are in the vault.
func ended(u recording.UploadInfo) bool {
	return u.State == recording.UploadSealed || u.State == recording.UploadDuplicate
}

// gone reports whether nothing is left to go on with.
func gone(u recording.UploadInfo) bool {
	return u.State == recording.UploadDiscarded || u.State == recording.UploadFailed
}
