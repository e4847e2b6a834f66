package door

import (
	"context"
	"net/http"
	"strconv"
	"strings"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/problem"
	"zhilu.dev/zhilu/internal/recording"
	"zhilu.dev/zhilu/internal/trace"
	"zhilu.dev/zhilu/internal/vault"
)

// find looks an upload up for its owner, and its stage while it has one. To everybody else there is no such upload (T20);
// one that was given up, failed, expired, or whose address was ended, is gone.
func (x *exchange) find(raw string) (recording.UploadInfo, vault.Stage, error) {
	unknown, gone := fault.New(fault.NotFound, "upload.unknown"), fault.New(fault.NotFound, "upload.gone")
	ctx := x.r.Context()
	id, err := ident.Parse[ident.UploadID](raw)
	if err != nil || string(id) != raw {
		return recording.UploadInfo{}, nil, unknown
	}
	up, err := x.d.c.Intake.Upload(ctx, id)
	if err != nil {
		return up, nil, err
	}
	action := access.UploadAppend
	if x.r.Method == http.MethodDelete {
		action = access.UploadDrop
	}
	err = x.d.c.Gate.Check(ctx, x.actor, action, access.Subject{Kind: "upload", ID: raw, Owner: up.Owner})
	if fault.Is(err, fault.Forbidden) {
		return up, nil, unknown
	}
	if err != nil {
		return up, nil, err
	}
	switch {
	case up.Closed, up.State == recording.UploadDiscarded, up.State == recording.UploadFailed:
		return up, nil, gone
	case ended(up):
		x.outcome(string(up.State), up.Recording, up.File, up.Receipt)
		return up, nil, nil
	}
	stage, err := x.d.c.Vault.Resume(ctx, id)
	if fault.Is(err, fault.NotFound) {
		return x.unstaged(up)
	}
	if err != nil {
		return up, nil, err
	}
	x.expires(stage)
	return up, stage, nil
}

// unstaged settles an upload without a stage and without an outcome: it was sealed and its row was never written, or its
// bytes are lost.
func (x *exchange) unstaged(up recording.UploadInfo) (recording.UploadInfo, vault.Stage, error) {
	gone := fault.New(fault.NotFound, "upload.gone")
	if up.Partial() {
		return up, nil, gone
	}
	err := x.seal(up, nil)
	if fault.Is(err, fault.Conflict) {
		return up, nil, gone
	}
	if err != nil {
		return up, nil, err
	}
	up, err = x.d.c.Intake.Upload(x.r.Context(), up.ID)
	return up, nil, err
}

// ended reports whether the upload's bytes are in the vault.
func ended(u recording.UploadInfo) bool {
	return u.State == recording.UploadSealed || u.State == recording.UploadDuplicate
}

// head answers HEAD: how far the upload is, and what its sender said of it.
func (x *exchange) head(raw string) error {
	up, stage, err := x.find(raw)
	if err != nil {
		return err
	}
	if stage != nil && x.d.locks.settle(x.r.Context(), up.ID) {
		// Whoever asks must not be told that all is there while it is not evidence yet: an answer may have been lost, or we
		// were restarted in between.
		if up, stage, err = x.find(raw); err == nil && stage != nil && !up.Partial() && (up.Final() || stage.Offset() == stage.Size()) {
			switch err = x.seal(up, nil); {
			case err == nil:
				up, stage, err = x.find(raw)
			case up.Final() && !fault.HasCode(err, "upload.part_gone") && !fault.HasCode(err, "upload.digest_mismatch"):
				problem.Log(x.d.c.Log, x.r, err)
				err = nil // it is not joined yet, and that can be told
			}
		}
		if err != nil {
			return x.headError(raw, err)
		}
	}
	if err := x.describe(up, stage); err != nil {
		return err
	}
	x.w.WriteHeader(http.StatusOK)
	return nil
}

// headError gives way to what the upload has become: one that ended while it was sealed is gone.
func (x *exchange) headError(raw string, err error) error {
	if !fault.Is(err, fault.Conflict) {
		return err
	}
	if _, _, now := x.find(raw); now != nil {
		return now
	}
	return err
}

// describe sets the headers of an answer to HEAD.
func (x *exchange) describe(up recording.UploadInfo, stage vault.Stage) error {
	h := x.w.Header()
	size, offset := up.Size, up.Size
	switch {
	case up.Final() && stage != nil: // its offset is not defined before it is joined
		p, err := x.d.c.Intake.PartsOf(x.r.Context(), up.ID)
		if err != nil {
			return err
		}
		size, offset = p.Size, -1
	case stage != nil:
		size, offset = stage.Size(), stage.Offset()
	}
	if offset >= 0 {
		h.Set(hOffset, strconv.FormatInt(offset, 10))
	}
	switch {
	case size != vault.SizeUnknown:
		h.Set(hLength, strconv.FormatInt(size, 10))
	case !up.Final():
		h.Set(hDeferLength, "1")
	}
	if up.Metadata != "" {
		h.Set(hMetadata, up.Metadata)
	}
	if up.Concat != "" {
		h.Set(hConcat, up.Concat)
	}
	return nil
}

// patch answers PATCH: the next bytes of an upload.
func (x *exchange) patch(raw string) error {
	up, _, err := x.find(raw)
	if err != nil {
		return err
	}
	if up.Final() {
		return fault.New(fault.Forbidden, "upload.final")
	}
	if !isOffsetContent(x.r.Header) {
		return fault.New(fault.Invalid, "upload.content_type")
	}
	offset, told, err := number(x.r.Header, hOffset)
	if err != nil || !told {
		return fault.New(fault.Invalid, "upload.offset_malformed")
	}
	length, declared, err := number(x.r.Header, hLength)
	if err != nil {
		return fault.New(fault.Invalid, "upload.length")
	}
	b, err := x.newBody()
	if err != nil {
		return err
	}
	h, err := x.d.locks.take(x.r.Context(), up.ID, false)
	if err != nil {
		return err
	}
	defer x.d.locks.release(up.ID, h)
	up, stage, err := x.find(raw) // it may have ended while we waited
	if err != nil {
		return err
	}
	if stage == nil {
		err = x.patchEnded(up, b, offset, length, declared)
	} else {
		err = x.patchOpen(h, up, stage, b, offset, length, declared)
	}
	if err == nil {
		err = x.readOnly()
	}
	if err != nil {
		return err
	}
	x.w.WriteHeader(http.StatusNoContent)
	return nil
}

// patchEnded answers for an upload that is evidence already: an empty chunk at its end changes nothing, and lets a sender
// who lost the last answer learn how it ended. Anything else is refused.
func (x *exchange) patchEnded(up recording.UploadInfo, b *body, offset, length int64, declared bool) error {
	if offset != up.Size {
		return fault.New(fault.Conflict, "upload.offset", up.Size)
	}
	if declared && length != up.Size {
		return fault.New(fault.Invalid, "upload.length_fixed")
	}
	defer b.rest()
	if n, err := b.Read(make([]byte, 1)); n > 0 {
		return fault.New(fault.TooLarge, "vault.over_size", up.Size)
	} else if broken := b.broken(); err != nil && broken != nil {
		return broken
	}
	if err := b.check(); err != nil {
		return err
	}
	x.w.Header().Set(hOffset, strconv.FormatInt(up.Size, 10))
	return nil
}

func (x *exchange) patchOpen(h *hold, up recording.UploadInfo, stage vault.Stage, b *body, offset, length int64, declared bool) error {
	if offset != stage.Offset() {
		return fault.New(fault.Conflict, "upload.offset", stage.Offset())
	}
	most := x.atMost(stage.Size())
	late := false
	if declared {
		switch {
		case stage.Size() == length:
		case stage.Size() != vault.SizeUnknown:
			return fault.New(fault.Invalid, "upload.length_fixed")
		case length > most:
			return fault.New(fault.TooLarge, "upload.too_large", most, length)
		case length < offset:
			return fault.New(fault.Invalid, "upload.length")
		default:
			late, most = true, length
		}
	}
	if x.r.ContentLength > most-offset {
		return fault.New(fault.TooLarge, "vault.over_size", most)
	}
	if late && x.r.ContentLength >= 0 && !b.sums.any() { // nothing but the line can fail now
		if err := stage.DeclareSize(x.r.Context(), length); err != nil {
			return err
		}
		late = false
	}
	if stage.Size() == vault.SizeUnknown {
		b.limit, b.whole = most-offset, late
	}
	if err := x.append(h, stage, b); err != nil {
		return err
	}
	if late { // last, so that a chunk that is refused leaves the upload as it was
		if err := stage.DeclareSize(x.r.Context(), length); err != nil {
			return err
		}
	}
	x.expires(stage)
	x.w.Header().Set(hOffset, strconv.FormatInt(stage.Offset(), 10))
	if stage.Offset() == stage.Size() {
		return x.finish(up)
	}
	return nil
}

// append makes what the body holds durable. A chunk with a checksum is kept whole or not at all.
func (x *exchange) append(h *hold, stage vault.Stage, b *body) error {
	var check func() error
	if b.whole || b.sums.any() {
		check = b.check
	}
	h.body.Store(b)
	defer b.rest()
	ctx, span := trace.Start(context.WithoutCancel(x.r.Context()), "intake.append")
	n, err := stage.Append(ctx, b, check) // a sender who is gone ends the body, and only that
	b.rest()
	span.Set(trace.Int("bytes", n))
	span.End(err)
	h.body.Store(nil)
	if b.wasCut() {
		x.w.Header().Set("Connection", "close")
	}
	if broken := b.broken(); err != nil && broken != nil {
		return broken
	}
	return err
}

// finish ends an upload whose bytes are all here: the sender learns of success only when the row is committed.
func (x *exchange) finish(up recording.UploadInfo) error {
	said := x.r.Header.Get("Zhilu-Content-SHA256")
	if up.Partial() {
		if said != "" { // it would not be compared with anything
			return fault.New(fault.Invalid, "upload.partial")
		}
		ctx := context.WithoutCancel(x.r.Context())
		if err := x.d.c.Intake.SealWaiting(ctx, x.actor, up.ID); err != nil { // the part itself is complete
			x.d.c.Log.ErrorContext(ctx, "a final upload was not sealed with its last part; it is tried again", "part", up.ID, "error", err)
		}
		return nil
	}
	var want *vault.Digest
	if said != "" {
		d, err := vault.ParseDigest(strings.ToLower(said))
		if err != nil {
			return fault.New(fault.Invalid, "upload.digest_malformed")
		}
		want = &d
	}
	return x.seal(up, want)
}

func (x *exchange) seal(up recording.UploadInfo, want *vault.Digest) error {
	x.d.turns.take()
	defer x.d.turns.give()
	ctx, span := trace.Start(context.WithoutCancel(x.r.Context()), "intake.seal", trace.Text("upload", string(up.ID)))
	res, err := x.d.c.Intake.Seal(ctx, x.actor, up.ID, want)
	span.End(err)
	if err != nil {
		return err
	}
	x.outcome(string(res.Status), res.RecordingID, res.FileID, res.ReceiptID)
	if up.Final() {
		x.w.Header().Set(hOffset, strconv.FormatInt(res.Size, 10))
	}
	return nil
}

// outcome says what became of an upload that has ended.
func (x *exchange) outcome(status string, rec ident.RecordingID, file ident.FileID, receipt ident.ReceiptID) {
	h := x.w.Header()
	h.Set("Zhilu-Status", status)
	h.Set("Zhilu-Recording", string(rec))
	h.Set("Zhilu-File", string(file))
	h.Set("Zhilu-Receipt", string(receipt))
	h.Del(hExpires)
}

// expires says until when an unfinished upload is kept: counted from its last byte, so asking does not prolong it.
func (x *exchange) expires(stage vault.Stage) {
	x.w.Header().Set(hExpires, stage.Touched().Add(vault.StaleAfter).UTC().Format(http.TimeFormat))
}

// drop answers DELETE. What is not sealed is given up; of what is, only the address ends, since evidence is not deleted.
func (x *exchange) drop(raw string) error {
	up, _, err := x.find(raw)
	if err != nil {
		return err
	}
	h, err := x.d.locks.take(x.r.Context(), up.ID, true)
	if err != nil {
		return err
	}
	defer x.d.locks.release(up.ID, h)
	if _, _, err := x.find(raw); err != nil { // somebody else ended it while we waited
		return err
	}
	if err := x.d.c.Intake.Discard(x.r.Context(), x.actor, up.ID); err != nil {
		return err
	}
	x.w.Header().Del(hExpires)
	x.w.WriteHeader(http.StatusNoContent)
	return nil
}
