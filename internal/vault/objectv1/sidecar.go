package objectv1

import (
	"bytes"
	"encoding/json"
	"time"

	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/vault"
)

// sidecarJSON is the sidecar as it is written.
type sidecarJSON struct {
	Digest   vault.Digest    `json:"sha256"`
	Size     int64           `json:"size"`
	SealedAt string          `json:"sealed_at"` // RFC 3339, UTC, microseconds
	Upload   ident.UploadID  `json:"upload"`
	Node     string          `json:"node"`
	Meta     json.RawMessage `json:"meta,omitempty"`
}

const sidecarTime = "2006-01-02T15:04:05.000000Z"

// EncodeSidecar gives the sidecar's plain bytes. Meta must be valid JSON or empty.
func EncodeSidecar(s vault.Sidecar) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false) // the caller's JSON comes back as it was, but for white space
	err := e.Encode(sidecarJSON{
		Digest: s.Digest, Size: s.Size, SealedAt: s.SealedAt.UTC().Format(sidecarTime),
		Upload: s.Upload, Node: s.Node, Meta: s.Meta,
	})
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), err
}

// DecodeSidecar reads the sidecar's plain bytes.
func DecodeSidecar(b []byte) (vault.Sidecar, error) {
	var j sidecarJSON
	if err := json.Unmarshal(b, &j); err != nil {
		return vault.Sidecar{}, malformed("the sidecar is not the JSON expected: %v", err)
	}
	at, err := time.Parse(sidecarTime, j.SealedAt)
	if err != nil {
		return vault.Sidecar{}, malformed("the sidecar has no readable time")
	}
	return vault.Sidecar{
		Digest: j.Digest, Size: j.Size, SealedAt: at, Upload: j.Upload, Node: j.Node, Meta: j.Meta,
	}, nil
}
