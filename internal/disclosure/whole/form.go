package whole

import (
	"crypto/sha256"
	"encoding/hex"
)

// format is docs/formats/case-whole-v1.md.
const format = "zhilu-case-whole/v1"

// noActivity stands where a verdict on continuity would where no activity was declared that the recording was made at.
const noActivity = "no_activity"

// The forms of that text, their members in the order in which they are written.
type (
	wholeFile struct {
		Format      string      `json:"format"`
		Case        string      `json:"case"`
		Recordings  []recording `json:"recordings"`
		Looks       []look      `json:"looks"`
		Disclosures []given     `json:"disclosures"`
	}
	recording struct {
		N          int     `json:"n"`
		Recording  string  `json:"recording"`
		Title      string  `json:"title"`
		Kind       string  `json:"kind"` // original, copy, none
		Why        string  `json:"why"`  // of none: not_consented
		Files      []file  `json:"files"`
		Verdict    verdict `json:"verdict"`
		Continuity string  `json:"continuity"`
	}
	file struct {
		Name      string `json:"name"`
		File      string `json:"file"` // id of an original's file; "" of a copy
		Called    string `json:"called"`
		Size      int64  `json:"size"`
		SHA256    string `json:"sha256"`
		FromMS    int64  `json:"from_ms"` // of a copy, on the original
		ToMS      int64  `json:"to_ms"`   // 0: to its end
		Masked    bool   `json:"masked"`
		Statement string `json:"statement"`  // of a copy
		Written   string `json:"transcript"` // of a copy: the written text of its sound, where one goes with it
	}
	verdict struct {
		Verdict  string `json:"verdict"`
		StoredAt string `json:"stored_at"`
		EndFrom  string `json:"end_from"`
		EndTo    string `json:"end_to"`
	}
	look struct {
		No          int64  `json:"no"`
		Look        string `json:"look"`
		Recording   string `json:"recording"`
		Kind        string `json:"kind"`
		Ground      string `json:"ground"`
		Request     string `json:"request"`
		Viewer      string `json:"viewer"`
		Department  string `json:"department"`
		OpenedAt    string `json:"opened_at"`
		ClosedAt    string `json:"closed_at"`
		WatchedMS   int64  `json:"watched_ms"`
		ConfirmedAt string `json:"confirmed_at"`
		ConfirmedBy string `json:"confirmed_by"`
		Remark      string `json:"remark"`
		Entry       string `json:"entry"` // the newest about it
	}
	given struct {
		No          string `json:"no"`
		Disclosure  string `json:"disclosure"`
		State       string `json:"state"`
		Manner      string `json:"manner"`
		To          string `json:"to"`
		Person      string `json:"person"`
		Basis       string `json:"basis"`
		GivenAt     string `json:"given_at"`
		SHA256      string `json:"sha256"` // of the encrypted file that left
		ReceiptOn   string `json:"receipt_on"`
		ReceiptFrom string `json:"receipt_from"`
		Entry       string `json:"entry"`
	}
)

func digest(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}
