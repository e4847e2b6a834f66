// Package receipt issues intake receipts (入库回执): signed statements that a file was stored, or verified, which anybody
// can check offline together with the log entry behind them. The bytes are defined in docs/formats/receipt-v1.md.
package receipt

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/uptrace/bun"
	"golang.org/x/mod/sumdb/tlog"

	"zhilu.dev/zhilu/internal/custody"
	"zhilu.dev/zhilu/internal/custody/keyring"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/ident"
)

// State says what a receipt promises (decision 14).
type State string

// The states.
const (
	// Stored: the received digest matches the sender's, the bytes are durable and sealed, the entry is committed.
	Stored State = "stored"
	// Verified: besides, the object was read again from the disk and its digests agree.
	Verified State = "verified"
)

// Format is the format line of a receipt and the first line of its signed statement.
const Format = "zhilu-receipt/v1"

// Receipt is what an intake receipt (入库回执) states of one file. Digests are lower-case hex; SM3 may be empty unless
// the bureau demands it. Name is the file's original name. DeviceID and DeviceLabel are empty where the device is not
// known. Entry is the log entry behind the receipt: its detail MUST hold the keys file_id, sha256, size and state,
// and sm3 where the receipt states one, with the same values (see FileDetail). IncludeBy is the time by which the
// entry must stand in the log.
type Receipt struct {
	ID          ident.ReceiptID
	File        ident.FileID
	Recording   ident.RecordingID
	Name        string
	Size        int64
	SHA256      string
	SM3         string
	State       State
	StoredAt    time.Time
	VerifiedAt  time.Time // zero unless State is Verified
	DeviceID    string
	DeviceLabel string
	Bureau      string
	Entry       ident.EntryID
	IncludeBy   time.Time
}

// FileDetail is the detail an entry needs so that a receipt can refer to it; further keys and values may follow, as in
// custody.Detail.
func FileDetail(file ident.FileID, size int64, sha256, sm3 string, state State, more ...any) json.RawMessage {
	pairs := append([]any{"file_id", string(file), "size", size, "sha256", sha256, "state", string(state)}, more...)
	if sm3 != "" {
		pairs = append(pairs, "sm3", sm3)
	}
	return custody.Detail(pairs...)
}

// statement is the signed JSON of a receipt, in the order of its members.
type statement struct {
	ReceiptID   string `json:"receipt_id"`
	FileID      string `json:"file_id"`
	RecordingID string `json:"recording_id"`
	Name        string `json:"name"`
	Size        int64  `json:"size"`
	SHA256      string `json:"sha256"`
	SM3         string `json:"sm3,omitempty"`
	State       string `json:"state"`
	StoredAt    string `json:"stored_at"`
	VerifiedAt  string `json:"verified_at,omitempty"`
	DeviceID    string `json:"device_id,omitempty"`
	DeviceLabel string `json:"device_label,omitempty"`
	Bureau      string `json:"bureau"`
	Origin      string `json:"origin"`
	EntryID     string `json:"entry_id"`
	LeafHash    string `json:"leaf_hash"`
	IncludeBy   string `json:"include_by"`
}

// Signed is a receipt file (docs/formats/receipt-v1.md). Proof is nil while the entry waits for its place.
type Signed struct {
	Format    string                  `json:"format"`
	Statement string                  `json:"statement"` // the exact signed bytes
	Signature signature               `json:"signature"`
	Entry     custody.Disclosure      `json:"entry"`
	Proof     *custody.InclusionProof `json:"proof"`
}

type signature struct {
	Alg       string `json:"alg"`
	PublicKey string `json:"public_key"`
	Value     string `json:"value"`
}

// opened by every receipt: what the entry is, and the detail by its digest.
var receiptFields = []string{"id", "at", "action", "outcome", "detail_digest"}

// Issue states and signs a receipt for a committed entry, with its proof where the entry has its place already.
// It MUST be called after the entry's transaction committed: a signature cannot be rolled back. An entry that does not
// say what the receipt says is fault Conflict "receipt.entry_mismatch", a receipt that cannot be stated fault Invalid
// "receipt.incomplete". Keep what it returns (Render): a later key would sign it differently.
func Issue(ctx context.Context, idb bun.IDB, keys *keyring.Keyring, r Receipt) (*Signed, error) {
	rec, err := custody.Get(ctx, idb, r.Entry)
	if err != nil {
		return nil, err
	}
	s, err := sign(keys, rec, &r)
	if err != nil {
		return nil, err
	}
	return s, s.prove(ctx, idb, rec.Index)
}

func sign(keys *keyring.Keyring, rec *custody.Record, r *Receipt) (*Signed, error) {
	if err := r.check(); err != nil {
		return nil, err
	}
	want := map[string]string{
		"file_id": strconv.Quote(string(r.File)), "sha256": strconv.Quote(r.SHA256),
		"size": strconv.FormatInt(r.Size, 10), "state": strconv.Quote(string(r.State)),
	}
	names := append([]string(nil), receiptFields...)
	for _, k := range []string{"file_id", "sha256", "size", "state"} {
		names = append(names, "detail."+k)
	}
	if r.SM3 != "" {
		want["sm3"] = strconv.Quote(r.SM3)
		names = append(names, "detail."+"sm3")
	}
	if rec.Outcome != custody.Done {
		return nil, fault.New(fault.Conflict, "receipt.entry_mismatch", "outcome")
	}
	opened, err := rec.Open(names...)
	if err != nil {
		return nil, fault.Wrap(err, fault.Conflict, "receipt.entry_mismatch")
	}
	for _, o := range opened[len(receiptFields):] {
		if o.Value != want[o.Name[len("detail."):]] {
			return nil, fault.New(fault.Conflict, "receipt.entry_mismatch", o.Name)
		}
	}
	shown, err := rec.Disclose(opened)
	if err != nil {
		return nil, err
	}
	text, err := r.statement(keys.Origin(), tlog.RecordHash([]byte(shown.Leaf)))
	if err != nil {
		return nil, err
	}
	public, sig := keys.Sign(text)
	s := &Signed{
		Format: Format, Statement: text,
		Signature: signature{
			Alg: "ed25519", PublicKey: base64.StdEncoding.EncodeToString(public), Value: base64.StdEncoding.EncodeToString(sig),
		},
		Entry: shown,
	}
	return s, nil
}

// statement is the exact text that is signed: the format line, the JSON on one line, a newline.
func (r *Receipt) statement(origin string, leaf tlog.Hash) (string, error) {
	var b bytes.Buffer
	b.WriteString(Format + "\n")
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	err := enc.Encode(statement{
		ReceiptID: string(r.ID), FileID: string(r.File), RecordingID: string(r.Recording), Name: r.Name, Size: r.Size,
		SHA256: r.SHA256, SM3: r.SM3, State: string(r.State), StoredAt: timeText(r.StoredAt), VerifiedAt: optionalTime(r.VerifiedAt),
		DeviceID: r.DeviceID, DeviceLabel: r.DeviceLabel, Bureau: r.Bureau, Origin: origin,
		EntryID: string(r.Entry), LeafHash: base64.StdEncoding.EncodeToString(leaf[:]), IncludeBy: timeText(r.IncludeBy),
	})
	if err != nil {
		return "", fmt.Errorf("receipt: %w", err)
	}
	return b.String(), nil
}

func timeText(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000000Z") }

func optionalTime(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return timeText(t)
}

func (r *Receipt) check() error {
	bad := func(field string) error { return fault.New(fault.Invalid, "receipt.incomplete", field).At(field) }
	switch {
	case r.ID == "":
		return bad("receipt_id")
	case r.File == "":
		return bad("file_id")
	case !utf8.ValidString(r.Name) || !utf8.ValidString(r.DeviceLabel):
		return bad("name")
	case r.Size < 0:
		return bad("size")
	case !isDigest(r.SHA256):
		return bad("sha256")
	case r.SM3 != "" && !isDigest(r.SM3):
		return bad("sm3")
	case r.State != Stored && r.State != Verified:
		return bad("state")
	case r.StoredAt.IsZero():
		return bad("stored_at")
	case r.VerifiedAt.IsZero() == (r.State == Verified):
		return bad("verified_at")
	case r.IncludeBy.IsZero():
		return bad("include_by")
	}
	return nil
}

// isDigest reports whether s is 32 bytes in lower-case hex.
func isDigest(s string) bool {
	b, err := hex.DecodeString(s)
	return err == nil && len(b) == 32 && hex.EncodeToString(b) == s
}

// prove adds the proof, if the entry stands in the latest checkpoint's tree.
func (s *Signed) prove(ctx context.Context, idb bun.IDB, index int64) error {
	if index < 0 {
		return nil
	}
	p, err := custody.ProveInclusion(ctx, idb, index)
	if fault.Is(err, fault.NotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	s.Proof = p
	return nil
}

// Refresh replaces the receipt's proof by one against the latest checkpoint, or leaves it nil while the entry still
// waits. Statement and signature stay as they are.
func (s *Signed) Refresh(ctx context.Context, idb bun.IDB) error {
	_, rest, _ := bytes.Cut([]byte(s.Statement), []byte("\n"))
	var st statement
	if err := json.Unmarshal(rest, &st); err != nil {
		return fault.Wrap(err, fault.Invalid, "receipt.unreadable")
	}
	rec, err := custody.Get(ctx, idb, ident.EntryID(st.EntryID))
	if err != nil {
		return err
	}
	return s.prove(ctx, idb, rec.Index)
}

// Parse reads a receipt of ours that Render wrote. It checks nothing; that is package verify's work.
func Parse(file []byte) (*Signed, error) {
	var s Signed
	if err := json.Unmarshal(file, &s); err != nil || s.Format != Format {
		return nil, fault.Wrap(err, fault.Invalid, "receipt.unreadable")
	}
	return &s, nil
}

// Render gives the receipt file's bytes.
func (s *Signed) Render() ([]byte, error) { return custody.RenderJSON(s) }
