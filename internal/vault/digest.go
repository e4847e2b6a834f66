package vault

import (
	"encoding/hex"

	"zhilu.dev/zhilu/internal/fault"
)

// Digest is a 32-byte digest of plain bytes. Objects are named by their SHA-256.
type Digest [32]byte

// String gives 64 lower-case hexadecimal digits.
func (d Digest) String() string { return hex.EncodeToString(d[:]) }

// IsZero reports that no digest is set.
func (d Digest) IsZero() bool { return d == Digest{} }

// ParseDigest reads 64 lower-case hexadecimal digits; anything else is fault Invalid "vault.digest_malformed".
func ParseDigest(s string) (Digest, error) {
	var d Digest
	raw, err := hex.DecodeString(s)
	if err != nil || len(raw) != len(d) || hex.EncodeToString(raw) != s {
		return Digest{}, fault.New(fault.Invalid, "vault.digest_malformed")
	}
	copy(d[:], raw)
	return d, nil
}

// MarshalText gives the form of String.
func (d Digest) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads the form of String.
func (d *Digest) UnmarshalText(text []byte) error {
	parsed, err := ParseDigest(string(text))
	if err != nil {
		return err
	}
	*d = parsed
	return nil
}
