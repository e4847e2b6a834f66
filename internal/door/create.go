package door

import (
	"context"
	"net/http"
	"strconv"
	"strings"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/recording"
	"zhilu.dev/zhilu/internal/vault"
)

// create answers POST: Creation, Creation With Upload, Concatenation. Everything that can be refused is refused before
// the upload exists.
func (x *exchange) create(string) error {
	if err := x.d.c.Gate.Check(x.r.Context(), x.actor, access.UploadCreate, access.Subject{Kind: "upload", ID: "new"}); err != nil {
		return err
	}
	c, err := concatOf(x.r)
	if err != nil {
		return err
	}
	raw, meta, err := metadataOf(x.r.Header)
	if err != nil {
		return err
	}
	size, ready, err := x.newLength(c)
	if err != nil {
		return err
	}
	filled := x.r.ContentLength != 0
	if filled && !isOffsetContent(x.r.Header) {
		return fault.New(fault.Invalid, "upload.content_type")
	}
	b, err := x.newBody()
	if err != nil {
		return err
	}
	if most := x.atMost(size); x.r.ContentLength > most {
		return fault.New(fault.TooLarge, "vault.over_size", most)
	} else if size == vault.SizeUnknown {
		b.limit = most
	}
	intent, err := intentOf(meta, size)
	if err != nil {
		return err
	}
	intent.Metadata, intent.Concat, intent.Parts = raw, c.raw, c.parts
	if c.partial() { // what is said of a part is not transferred to the whole
		intent.Card, intent.SHA256 = "", nil
	}
	up, stage, err := x.begin(intent, meta["card"] != "")
	if err != nil {
		return err
	}
	if err := x.fill(up, stage, b, filled, ready); err != nil {
		return err
	}
	if err := x.readOnly(); err != nil {
		return err
	}
	x.w.Header().Set("Location", x.address(up.ID))
	x.w.WriteHeader(http.StatusCreated)
	return nil
}

// newLength gives the length of an upload that is to be created. ready says of a final one that all its parts are there.
func (x *exchange) newLength(c concat) (size int64, ready bool, err error) {
	if c.final() {
		if x.r.Header.Values(hLength) != nil {
			return 0, false, fault.New(fault.Invalid, "upload.length")
		}
		if x.r.ContentLength != 0 {
			return 0, false, fault.New(fault.Forbidden, "upload.final")
		}
		p, err := x.d.c.Intake.Parts(x.r.Context(), x.actor, c.parts)
		if err != nil {
			return 0, false, err
		}
		size, ready = p.Size, p.Ready
	} else if size, err = lengthOf(x.r.Header); err != nil {
		return 0, false, err
	}
	if most := x.d.limit(x.r.Context()); size > most {
		return 0, false, fault.New(fault.TooLarge, "upload.too_large", most, size)
	}
	return size, ready, x.room(size)
}

// room refuses what the disk has no room for now, before a row is written: on a full disk the row would fail first, and
// its words cannot say how much room is needed. What others are sending at the same moment is counted by the vault.
func (x *exchange) room(size int64) error {
	s, err := x.d.c.Vault.Free(x.r.Context())
	if err != nil || s.Total == 0 { // the vault says so itself, or does not know
		return nil
	}
	if need := max(size, 1); need > s.Free-s.Reserve {
		return fault.New(fault.Exhausted, "vault.full", need+s.Reserve, s.Free)
	}
	return nil
}

// atMost is how long an upload of this size can become.
func (x *exchange) atMost(size int64) int64 {
	if size == vault.SizeUnknown {
		return x.d.limit(x.r.Context())
	}
	return size
}

// begin commits the intent and opens its stage.
func (x *exchange) begin(in recording.Intent, docking bool) (recording.UploadInfo, vault.Stage, error) {
	x.d.turns.take()
	defer x.d.turns.give()
	ctx := x.r.Context()
	id, err := x.d.c.Intake.Begin(ctx, x.actor, in)
	if fault.HasCode(err, "card.unknown") && !docking {
		// A browser names each choice of files with an id of its own. Unless it is a docking, it says nothing.
		in.Card = ""
		id, err = x.d.c.Intake.Begin(ctx, x.actor, in)
	}
	if err != nil {
		return recording.UploadInfo{}, nil, err
	}
	up, err := x.d.c.Intake.Upload(ctx, id)
	if err != nil {
		return up, nil, err
	}
	stage, err := x.d.c.Vault.Resume(ctx, id)
	return up, stage, err
}

// fill takes the first bytes of a new upload, and ends it if it is complete. Where that fails, the upload is given up:
// its sender does not know its address.
func (x *exchange) fill(up recording.UploadInfo, stage vault.Stage, b *body, filled, ready bool) error {
	h, err := x.d.locks.take(x.r.Context(), up.ID, false)
	if err != nil {
		return err
	}
	defer x.d.locks.release(up.ID, h)
	x.expires(stage)
	switch {
	case up.Final():
		if !ready { // it is joined with its last part
			return nil
		}
		err = x.finish(up)
	default:
		if filled || b.sums.any() {
			err = x.append(h, stage, b)
		}
		if fault.HasCode(err, "upload.interrupted") || fault.HasCode(err, "upload.timeout") {
			err = nil // what arrived is accepted
		}
		if err == nil && filled {
			x.w.Header().Set(hOffset, strconv.FormatInt(stage.Offset(), 10))
		}
		if err == nil && stage.Offset() == stage.Size() {
			err = x.finish(up)
		}
	}
	if err != nil && !fault.HasCode(err, "upload.digest_mismatch") { // that one has ended, and says why
		x.giveUp(up.ID)
	}
	return err
}

// giveUp discards an upload that failed in the request that created it.
func (x *exchange) giveUp(id ident.UploadID) {
	ctx := context.WithoutCancel(x.r.Context())
	x.w.Header().Del(hExpires)
	x.w.Header().Del(hOffset)
	if err := x.d.c.Intake.Discard(ctx, x.actor, id); err != nil {
		x.d.c.Log.WarnContext(ctx, "an upload that failed at once was not given up; it goes stale", "upload", id, "error", err)
	}
}

// address is where an upload is, as its sender reaches us.
func (x *exchange) address(id ident.UploadID) string {
	path := BasePath + "/" + string(id)
	if x.r.Host == "" || strings.ContainsAny(x.r.Host, "/\\@?#% \"<>") {
		return path
	}
	if x.r.TLS != nil {
		return "https://" + x.r.Host + path
	}
	return "http://" + x.r.Host + path
}
