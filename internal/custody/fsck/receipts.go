package fsck

import (
	"context"
	"encoding/base64"

	"golang.org/x/mod/sumdb/tlog"

	"zhilu.dev/zhilu/internal/custody"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/verify"
)

func (k *checker) loadTrust(ctx context.Context) error {
	raw := k.c.Trust
	if len(raw) == 0 && k.c.Keys != nil {
		t, err := custody.ReadTrust(ctx, k.idb, k.c.Keys.Origin(), "")
		if err != nil {
			return err
		}
		if raw, err = t.Render(); err != nil {
			return err
		}
	}
	if len(raw) == 0 {
		return nil
	}
	var err error
	if k.trust, err = verify.ParseTrust(raw); err != nil && len(k.c.Trust) == 0 {
		k.r.add("log.key.unproved", "", err.Error()) // a key in the database that is none: nobody's signature counts
		return nil
	}
	return err
}

// receipts checks every receipt that was given out, with the code outsiders check it with, and then against the row and
// the entry it speaks of.
func (k *checker) receipts(ctx context.Context) error {
	for rc, err := range k.c.Catalog.Receipts(ctx, k.idb) {
		if err != nil {
			return err
		}
		k.r.Receipts++
		if len(rc.Body) == 0 {
			continue
		}
		rep, err := verify.Bytes(rc.Body, verify.Options{Trust: k.trust, Clock: k.c.Clock})
		if err != nil {
			return err
		}
		if rep.RecordIntact.Answer != verify.Yes || rep.SignerTrusted.Answer == verify.No || rep.InLog.Answer == verify.No || rep.Statement == nil {
			k.r.add("receipt.wrong", string(rc.ID), string(rc.File.ID))
			continue
		}
		what, err := k.mismatch(ctx, &rc, rep.Statement)
		if err != nil {
			return err
		}
		if what != "" {
			k.r.add("receipt.mismatch", string(rc.ID), what)
		}
	}
	return nil
}

// mismatch names what a receipt says otherwise than the rows and the log, nothing where they agree.
func (k *checker) mismatch(ctx context.Context, rc *Receipt, s *verify.Statement) (string, error) {
	f := rc.File
	switch {
	case !rc.Known || s.FileID != f.ID:
		return "file_id", nil
	case s.ReceiptID != rc.ID:
		return "receipt_id", nil
	case s.RecordingID != f.Recording:
		return "recording_id", nil
	case s.SHA256 != f.SHA256:
		return "sha256", nil
	case s.SM3 != "" && s.SM3 != f.SM3:
		return "sm3", nil
	case s.Size != f.Size:
		return "size", nil
	case s.Name != f.Name:
		return "name", nil
	case s.State != rc.State:
		return "state", nil
	case s.EntryID != rc.Entry:
		return "entry_id", nil
	}
	rec, err := custody.Get(ctx, k.idb, rc.Entry)
	if fault.Is(err, fault.NotFound) {
		return "entry", nil
	}
	if err != nil {
		return "", err
	}
	if h := tlog.RecordHash(rec.Leaf()); base64.StdEncoding.EncodeToString(h[:]) != s.LeafHash {
		return "leaf_hash", nil // the entry is another one than when the receipt was given out
	}
	return "", nil
}
