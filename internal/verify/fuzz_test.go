package verify_test

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"testing"

	"golang.org/x/mod/sumdb/note"

	"zhilu.dev/zhilu/internal/verify"
)

// FuzzOrder: nothing but what the house signed passes for a clear order. // T20, G16
func FuzzOrder(f *testing.F) {
	private := ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize))
	public := private.Public().(ed25519.PublicKey) //nolint:forcetypeassert // it is one
	sum := sha256.Sum256(public)
	logKey := ed25519.NewKeyFromSeed([]byte("the seed of the log's key, 32 by")).Public().(ed25519.PublicKey) //nolint:forcetypeassert // it is one
	logSum := sha256.Sum256(logKey)
	verifier, err := note.NewEd25519VerifierKey("o.example/zhilu", logKey)
	if err != nil {
		f.Fatal(err)
	}
	trust, err := verify.ParseTrust(fmt.Appendf(nil, `{"format":"zhilu-trust/v1","origin":"o.example/zhilu","bureau":"示例局","keys":[`+
		`{"kind":"log","alg":"ed25519","name":"o.example/zhilu","public_key":%q,"verifier":%q,"fingerprint":%q,"valid_from":0,"valid_to":null},`+
		`{"kind":"receipt","alg":"ed25519","name":"o.example/zhilu","public_key":%q,"fingerprint":%q,"valid_from":0,"valid_to":null}],"epochs":[]}`,
		base64.StdEncoding.EncodeToString(logKey), verifier, hex.EncodeToString(logSum[:]),
		base64.StdEncoding.EncodeToString(public), hex.EncodeToString(sum[:])))
	if err != nil {
		f.Fatal(err)
	}
	statement := "zhilu-clear/v1\n" + `{"order_id":"0199","files":["a.mp4"]}`
	order := map[string]string{
		"format": "zhilu-clear/v1", "statement": statement, "signature": base64.StdEncoding.EncodeToString(ed25519.Sign(private, []byte(statement))),
	}
	good, err := json.Marshal(order)
	if err != nil {
		f.Fatal(err)
	}
	if body, err := verify.Order(good, trust); err != nil || "zhilu-clear/v1\n"+string(body) != statement {
		f.Fatalf("%v: %s", err, body)
	}
	f.Add(good)
	f.Add([]byte(`{"format":"zhilu-clear/v1","statement":"","signature":""}`))
	f.Add([]byte(`{"format":"zhilu-clear/v1"}{}`))
	f.Add(append([]byte("\xef\xbb\xbf"), good...))
	f.Fuzz(func(t *testing.T, data []byte) {
		if body, err := verify.Order(data, trust); err == nil && "zhilu-clear/v1\n"+string(body) != statement {
			t.Fatalf("%q passes for an order", data)
		}
	})
}
