// Package door is where evidence comes in: tus 1.0.0 at /upload, over intake and the vault. Every byte it acknowledges is
// durable, every checksum it is given is verified before a byte of the chunk counts, a body that broke off finishes
// nothing, and nobody reaches another's upload. What the protocol leaves open is settled in docs/formats/dock-api.md; why
// the protocol is spoken here and not by a library, in docs/adr/0008-the-door-speaks-tus.md.
package door

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"strconv"
	"strings"

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

// extensions are those that really work here (decision 16).
const extensions = "creation,creation-with-upload,creation-defer-length,checksum,checksum-trailer,expiration,termination," +
	"concatenation,concatenation-unfinished"

// Intake is what the door needs of recording.
type Intake interface {
	Begin(ctx context.Context, actor access.Actor, in recording.Intent) (ident.UploadID, error)
	Upload(ctx context.Context, id ident.UploadID) (recording.UploadInfo, error)
	Discard(ctx context.Context, actor access.Actor, id ident.UploadID) error
	Seal(ctx context.Context, actor access.Actor, id ident.UploadID, want *vault.Digest) (recording.Result, error)
	Parts(ctx context.Context, actor access.Actor, ids []ident.UploadID) (recording.Parts, error)
	PartsOf(ctx context.Context, final ident.UploadID) (recording.Parts, error)
	SealWaiting(ctx context.Context, actor access.Actor, part ident.UploadID) error
}

// Config wires the door.
type Config struct {
	Intake Intake
	Vault  vault.Vault
	Gate   *gate.Gate
	// Actor says who asks: a dock's token or a custodian's session. It answers fault Unauthorized for nobody.
	Actor func(r *http.Request) (access.Actor, error)
	Words *locale.Catalogue
	Clock clock.Clock
	Log   *slog.Logger
	// ReadOnly says why nothing may be acknowledged any more, nil while it may; a nil func for what the vault says itself.
	ReadOnly func() error
	MaxSize  int64 // bytes of one file; 0 for what the vault as a whole can hold
}

// Door is the upload handler. Mount it at BasePath and below.
type Door struct {
	c     Config
	locks *locks
	turns turns
}

// New makes the door.
func New(c Config) (*Door, error) {
	if c.Intake == nil || c.Vault == nil || c.Gate == nil || c.Actor == nil || c.Words == nil || c.Clock == nil || c.Log == nil {
		return nil, errors.New("door: Config is incomplete")
	}
	return &Door{c: c, locks: newLocks(), turns: newTurns()}, nil
}

// exchange is one request and its answer.
type exchange struct {
	d     *Door
	w     http.ResponseWriter
	r     *http.Request
	actor access.Actor
}

// ServeHTTP answers one tus request.
func (d *Door) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set(hResumable, version)
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	if m := r.Header.Get("X-HTTP-Method-Override"); m != "" {
		r = r.WithContext(r.Context()) // a copy: the server frames its answer by the method that was really sent
		r.Method = m
	}
	if r.Method == http.MethodOptions { // before anybody is known, and whatever version they speak
		d.options(w, r)
		return
	}
	x := &exchange{d: d, w: w, r: r}
	if err := x.serve(); err != nil {
		x.hearOut(err)
		x.fail(err)
	}
}

func (x *exchange) serve() error {
	var err error
	if x.actor, err = x.d.c.Actor(x.r); err != nil {
		return err
	}
	id := strings.TrimPrefix(strings.TrimPrefix(x.r.URL.Path, BasePath), "/")
	answer := map[string]func(string) error{http.MethodHead: x.head, http.MethodPatch: x.patch, http.MethodDelete: x.drop}
	allow := "OPTIONS, HEAD, PATCH, DELETE"
	if id == "" {
		answer = map[string]func(string) error{http.MethodPost: x.create}
		allow = "OPTIONS, POST"
	}
	do := answer[x.r.Method]
	if do == nil {
		x.w.Header().Set("Allow", allow)
		return fault.New(fault.Invalid, "upload.method")
	}
	if v, err := single(x.r.Header, hResumable); err != nil || v != version {
		x.w.Header().Set(hVersion, version)
		return fault.New(fault.Invalid, "upload.version")
	}
	if x.r.Method == http.MethodPost || x.r.Method == http.MethodPatch {
		if err := x.readOnly(); err != nil {
			return err
		}
	}
	return do(id)
}

// readOnly says why nothing may be acknowledged any more. It is asked before a body is taken in, and once more before the
// answer: a disk may fail in between.
func (x *exchange) readOnly() error {
	if x.d.c.ReadOnly == nil {
		return nil
	}
	return x.d.c.ReadOnly()
}

func (d *Door) options(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set(hVersion, version)
	h.Set("Tus-Extension", extensions)
	h.Set("Tus-Checksum-Algorithm", algorithmNames())
	h.Set("Tus-Max-Size", strconv.FormatInt(d.limit(r.Context()), 10))
	w.WriteHeader(http.StatusNoContent)
}

// limit is the greatest upload there can be: what was set, what the vault's format takes, what its disk holds when empty.
func (d *Door) limit(ctx context.Context) int64 {
	most := vault.MaxSize
	if d.c.MaxSize > 0 {
		most = min(most, d.c.MaxSize)
	}
	if s, err := d.c.Vault.Free(ctx); err == nil && s.Total > 0 {
		most = min(most, max(0, s.Total-s.Reserve))
	}
	return most
}

// statuses are those the protocol, or HTTP, has for what is no kind of fault of its own.
var statuses = map[string]int{
	"upload.checksum":     460,
	"upload.content_type": http.StatusUnsupportedMediaType,
	"upload.gone":         http.StatusGone,
	"upload.locked":       http.StatusLocked,
	"upload.method":       http.StatusMethodNotAllowed,
	"upload.timeout":      http.StatusRequestTimeout,
	"upload.version":      http.StatusPreconditionFailed,
}

// fail answers with a problem document.
func (x *exchange) fail(err error) {
	problem.Log(x.d.c.Log, x.r, err)
	doc := problem.Of(err, x.d.c.Words.For(locale.Choose(x.r.Header.Get("Accept-Language"))))
	if s, ok := statuses[doc.Code]; ok {
		doc.Status = s
	}
	raw, merr := json.Marshal(doc)
	if merr != nil { // a struct of strings always marshals
		raw = []byte("{}")
	}
	h := x.w.Header()
	h.Set("Content-Type", "application/problem+json; charset=utf-8")
	switch doc.Status {
	case http.StatusUnauthorized:
		h.Set("WWW-Authenticate", "Bearer")
	case http.StatusRequestTimeout:
		h.Set("Connection", "close")
	}
	x.w.WriteHeader(doc.Status)
	if x.r.Method != http.MethodHead {
		_, _ = x.w.Write(raw) // JSON with its own content type and nosniff
	}
}
