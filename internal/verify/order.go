package verify

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"strings"

	"zhilu.dev/zhilu/internal/fault"
)

// orderFormat begins the signed text of a clear order, so that no other signature of the receipt key can pass for one.
const orderFormat = "zhilu-clear/v1"

// Order checks a clear order (清卡命令, docs/formats/dock-api.md §5) against the receipt keys that are valid now and gives
// its statement's JSON. Anything wrong with it is fault Forbidden "verify.order": nothing may be cleared on its word.
func Order(data []byte, t *Trust) ([]byte, error) {
	bad := fault.New(fault.Forbidden, "verify.order")
	if len(data) > maxRecord || t == nil {
		return nil, bad
	}
	var f struct {
		Format    string `json:"format"`
		Statement string `json:"statement"`
		Signature string `json:"signature"`
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&f); err != nil || f.Format != orderFormat {
		return nil, bad
	}
	body, ok := strings.CutPrefix(f.Statement, orderFormat+"\n")
	sig, err := base64.StdEncoding.Strict().DecodeString(f.Signature)
	if !ok || err != nil || len(sig) != ed25519.SignatureSize {
		return nil, bad
	}
	for _, k := range t.keys {
		public, err := base64.StdEncoding.DecodeString(k.PublicKey)
		if k.Kind == "receipt" && k.ValidTo == nil && err == nil && ed25519.Verify(public, []byte(f.Statement), sig) {
			return []byte(body), nil
		}
	}
	return nil, bad
}
