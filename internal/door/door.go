// Package door is where evidence comes in: tus 1.0.0 at /upload, over intake and the vault. It is tusd's handler with
// what tusd does not do put before and under it: every chunk's checksum is verified, a chunk is acknowledged only when
// it is durable, a body that broke off finishes nothing, and nobody reaches another's upload.
package door

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"time"

	tus "github.com/tus/tusd/v2/pkg/handler"
	"github.com/tus/tusd/v2/pkg/memorylocker"
	expslog "golang.org/x/exp/slog"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/gate"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/locale"
	"zhilu.dev/zhilu/internal/problem"
	"zhilu.dev/zhilu/internal/recording"
	"zhilu.dev/zhilu/internal/vault"
)

// BasePath is where the door is.
const BasePath = "/upload"

// statusChecksum is tus's own status for a chunk that arrived wrong.
const statusChecksum = 460

// Intake is what the door needs of recording.
type Intake interface {
	Begin(ctx context.Context, actor access.Actor, in recording.Intent) (ident.UploadID, error)
	Upload(ctx context.Context, id ident.UploadID) (recording.UploadInfo, error)
	Discard(ctx context.Context, actor access.Actor, id ident.UploadID) error
	Seal(ctx context.Context, actor access.Actor, id ident.UploadID, want *vault.Digest) (recording.Result, error)
}

// Config wires the door.
type Config struct {
	Intake Intake
	Vault  vault.Vault
	Gate   *gate.Gate
	// Actor says who asks: a dock's token or a custodian's session. It answers fault Unauthorized for nobody.
	Actor   func(r *http.Request) (access.Actor, error)
	Words   *locale.Catalogue
	Clock   clock.Clock
	Log     *slog.Logger
	MaxSize int64 // bytes of one file; 0 for none
}

// Door is the upload handler. Mount it at BasePath and below.
type Door struct {
	c   Config
	tus *tus.UnroutedHandler
}

// New makes the door.
func New(c Config) (*Door, error) {
	if c.Intake == nil || c.Vault == nil || c.Gate == nil || c.Actor == nil || c.Words == nil || c.Clock == nil || c.Log == nil {
		return nil, errors.New("door: Config is incomplete")
	}
	d := &Door{c: c}
	s := &store{d}
	composer := tus.NewStoreComposer()
	composer.UseCore(s)
	composer.UseTerminater(s)
	composer.UseLengthDeferrer(s)
	memorylocker.New().UseIn(composer)
	h, err := tus.NewUnroutedHandler(tus.Config{
		StoreComposer: composer, BasePath: BasePath + "/", MaxSize: c.MaxSize, DisableDownload: true, DisableConcatenation: true,
		Cors:                             &tus.CorsConfig{Disable: true},
		Logger:                           expslog.New(expslog.NewTextHandler(io.Discard, nil)), // we log ourselves, once
		PreFinishResponseCallback:        d.finish,
		GracefulRequestCompletionTimeout: 5 * time.Second,
		NetworkTimeout:                   60 * time.Second,
	})
	if err != nil {
		return nil, err
	}
	d.tus = h
	return d, nil
}

// extensions are those that really work here (decision 16).
const extensions = "creation,creation-with-upload,creation-defer-length,checksum,checksum-trailer,expiration,termination"

// ServeHTTP answers one tus request.
func (d *Door) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Tus-Resumable", "1.0.0")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	if m := r.Header.Get("X-HTTP-Method-Override"); m != "" && r.Method == http.MethodPost {
		r.Method = m
	}
	id := strings.Trim(strings.TrimPrefix(r.URL.Path, BasePath), "/")
	if r.Method == http.MethodOptions {
		d.options(w)
		return
	}
	if v := r.Header.Get("Tus-Resumable"); v != "1.0.0" {
		h.Set("Tus-Version", "1.0.0")
		d.fail(w, r, http.StatusPreconditionFailed, fault.New(fault.Invalid, "upload.version"))
		return
	}
	actor, err := d.c.Actor(r)
	if err != nil {
		d.fail(w, r, 0, err)
		return
	}
	req := &request{actor: actor, http: r}
	switch {
	case id == "" && r.Method == http.MethodPost:
		err = d.beforeCreate(w, r, req)
	case id != "" && (r.Method == http.MethodHead || r.Method == http.MethodPatch || r.Method == http.MethodDelete):
		err = d.beforeUse(w, r, req, id)
	default:
		h.Set("Allow", "OPTIONS, POST, HEAD, PATCH, DELETE")
		d.fail(w, r, http.StatusMethodNotAllowed, fault.New(fault.Invalid, "upload.method"))
		return
	}
	if err != nil {
		status := 0
		if fault.HasCode(err, "upload.content_type") {
			status = http.StatusUnsupportedMediaType
		}
		d.fail(w, r, status, err)
		return
	}
	r = r.WithContext(context.WithValue(r.Context(), requestKey{}, req))
	req.http = r
	r.URL.Path = id
	inner := http.HandlerFunc(d.tus.PostFile)
	switch r.Method {
	case http.MethodHead:
		inner = d.tus.HeadFile
	case http.MethodPatch:
		inner = d.tus.PatchFile
	case http.MethodDelete:
		inner = d.tus.DelFile
	}
	d.tus.Middleware(inner).ServeHTTP(w, r)
}

func (d *Door) options(w http.ResponseWriter) {
	h := w.Header()
	h.Set("Tus-Version", "1.0.0")
	h.Set("Tus-Extension", extensions)
	h.Set("Tus-Checksum-Algorithm", algorithmNames())
	if d.c.MaxSize > 0 {
		h.Set("Tus-Max-Size", strconv.FormatInt(d.c.MaxSize, 10))
	}
	w.WriteHeader(http.StatusNoContent)
}

// beforeCreate checks what tusd does not: who, the metadata's form, the first chunk's checksum.
func (d *Door) beforeCreate(w http.ResponseWriter, r *http.Request, req *request) error {
	if err := d.c.Gate.Check(r.Context(), req.actor, access.UploadCreate, access.Subject{Kind: "upload", ID: "new"}); err != nil {
		return err
	}
	if r.Header.Get("Upload-Concat") != "" {
		return fault.New(fault.Invalid, "upload.concat")
	}
	if err := checkMetadata(r.Header.Get("Upload-Metadata")); err != nil {
		return err
	}
	if r.ContentLength != 0 && r.Header.Get("Content-Type") != "application/offset+octet-stream" && r.Header.Get("Content-Type") != "" {
		return fault.New(fault.Invalid, "upload.content_type")
	}
	w.Header().Set("Upload-Expires", d.c.Clock.Now().Add(vault.StaleAfter).Format(http.TimeFormat))
	return d.watchBody(r, req)
}

// beforeUse finds the upload and keeps everybody but its owner out, without saying that it exists (T20).
func (d *Door) beforeUse(w http.ResponseWriter, r *http.Request, req *request, raw string) error {
	unknown := fault.New(fault.NotFound, "upload.unknown")
	id, err := ident.Parse[ident.UploadID](raw)
	if err != nil {
		return unknown
	}
	up, err := d.c.Intake.Upload(r.Context(), id)
	if err != nil {
		return err
	}
	action := access.UploadAppend
	if r.Method == http.MethodDelete {
		action = access.UploadDrop
	}
	if err := d.c.Gate.Check(r.Context(), req.actor, action, access.Subject{Kind: "upload", ID: string(id), Owner: up.Owner}); err != nil {
		if fault.Is(err, fault.Forbidden) {
			return unknown
		}
		return err
	}
	if gone(up) {
		return unknown
	}
	req.upload = &up
	if ended(up) { // whoever resumes learns how it ended
		h := w.Header()
		h.Set("Zhilu-Status", string(up.State))
		h.Set("Zhilu-Recording", string(up.Recording))
		h.Set("Zhilu-File", string(up.File))
		h.Set("Zhilu-Receipt", string(up.Receipt))
	} else {
		w.Header().Set("Upload-Expires", d.c.Clock.Now().Add(vault.StaleAfter).Format(http.TimeFormat))
	}
	if r.Method != http.MethodPatch {
		return nil
	}
	if r.Header.Get("Content-Type") != "application/offset+octet-stream" {
		return fault.New(fault.Invalid, "upload.content_type")
	}
	return d.watchBody(r, req)
}

func (d *Door) watchBody(r *http.Request, req *request) error {
	b, err := watch(r)
	if err != nil {
		return err
	}
	req.body, r.Body = b, b
	return nil
}

// finish seals the file before the last answer goes out: the sender learns of success only when the row is committed.
func (d *Door) finish(ev tus.HookEvent) (tus.HTTPResponse, error) {
	ctx := ev.Context
	r := requestOf(ctx)
	var want *vault.Digest
	if v := r.http.Header.Get("Zhilu-Content-SHA256"); v != "" {
		dg, err := vault.ParseDigest(strings.ToLower(v))
		if err != nil {
			return tus.HTTPResponse{}, d.tusError(ctx, fault.New(fault.Invalid, "upload.digest_malformed"))
		}
		want = &dg
	}
	res, err := d.c.Intake.Seal(context.WithoutCancel(ctx), r.actor, ident.UploadID(ev.Upload.ID), want)
	if err != nil {
		return tus.HTTPResponse{}, d.tusError(ctx, err)
	}
	return tus.HTTPResponse{Header: tus.HTTPHeader{
		"Zhilu-Status": string(res.Status), "Zhilu-Recording": string(res.RecordingID),
		"Zhilu-File": string(res.FileID), "Zhilu-Receipt": string(res.ReceiptID),
	}}, nil
}

// tusError turns an error of ours into one tusd can answer with: our code, our words, the right status.
func (d *Door) tusError(ctx context.Context, err error) error {
	if _, ok := errors.AsType[tus.Error](err); ok {
		return err
	}
	r := requestOf(ctx)
	status := problem.Status(err)
	switch {
	case fault.HasCode(err, "upload.checksum"):
		status = statusChecksum
	case fault.HasCode(err, "vault.over_size"):
		status = http.StatusRequestEntityTooLarge
	}
	problem.Log(d.c.Log, r.http, err)
	t := d.words(r.http).Fault(err)
	e := tus.NewError(fault.As(err).Code, t.What, status)
	e.HTTPResponse.Body = strings.TrimSpace(t.Code+": "+t.What+" "+t.Kept+" "+t.Do) + "\n"
	return e
}

func (d *Door) words(r *http.Request) locale.Printer {
	return d.c.Words.For(locale.Choose(r.Header.Get("Accept-Language")))
}

// fail answers without tusd. status 0 means the one of the fault.
func (d *Door) fail(w http.ResponseWriter, r *http.Request, status int, err error) {
	problem.Log(d.c.Log, r, err)
	if status == 0 {
		status = problem.Status(err)
	}
	t := d.words(r).Fault(err)
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	if status == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", "Bearer")
	}
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		_, _ = io.WriteString(w, strings.TrimSpace(t.Code+": "+t.What+" "+t.Kept+" "+t.Do)+"\n")
	}
}
