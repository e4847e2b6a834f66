package recording

import (
	"context"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/custody"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/gate"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/recording/record"
	"zhilu.dev/zhilu/internal/vault"
)

// Certificate is a certificate that is about to be handed out. Its number is the id of the entry that says so, so that
// whoever holds the paper finds the entry, and the entry has the digest of the whole file.
type Certificate struct {
	Number   ident.EntryID
	SHA256   string // of the file, in hex
	Size     int64
	Pages    int
	Standard string // such as "a-2a"
	LogSize  int64  // of the checkpoint that it names; 0 for none
}

// Certify writes down that a certificate of a recording was made. It MUST have returned nil before any of the file is
// sent: a paper that nobody's entry knows of is none of ours. Invalid "recording.certificate" without a digest.
func (s *Service) Certify(ctx context.Context, actor access.Actor, id ident.RecordingID, c Certificate) error {
	if _, err := vault.ParseDigest(c.SHA256); err != nil || c.Number == "" {
		return fault.New(fault.Invalid, "recording.certificate")
	}
	rec, err := record.One[record.Recording](ctx, s.c.DB.Reader, "recording.unknown", "id = ?", id)
	if err != nil {
		return err
	}
	return s.c.Gate.Do(ctx, actor, access.RecordingCertify, rec.Subject(), func(tx *gate.Tx) error {
		_, err := tx.Record(gate.Entry{
			ID: c.Number, Subject: custody.Subject{Kind: "recording", ID: string(id)},
			Detail: custody.Detail("sha256", c.SHA256, "size", c.Size, "pages", c.Pages, "standard", c.Standard, "log_size", c.LogSize),
		})
		return err
	})
}
