package slate

import (
	"crypto/ed25519"
	"encoding/base64"
	"errors"
)

// ErrCertificate is what is wrong with bytes or text that are no certificate.
var ErrCertificate = errors.New("slate: not a certificate")

const signedSize = certSize + ed25519.SignatureSize

// MarshalBinary gives bytes 0–131 of docs/formats/slate-v1.md. The error is ErrCertificate where it was never signed.
func (c Certificate) MarshalBinary() ([]byte, error) {
	if len(c.signature)+certSize != signedSize || len(c.Phone) != ed25519.PublicKeySize {
		return nil, ErrCertificate
	}
	return append(c.bytes(), c.signature...), nil
}

// UnmarshalBinary is the inverse, and believes nothing: whether the bureau signed it, Judge tells of each slate. The
// error is ErrCertificate; the certificate is then as it was.
func (c *Certificate) UnmarshalBinary(raw []byte) error {
	if len(raw) != signedSize {
		return ErrCertificate
	}
	*c = readCertificate(append([]byte{}, raw...))
	return nil
}

// String is the certificate as a server hands it to a phone: its bytes in base64url without padding; "" where it was
// never signed.
func (c Certificate) String() string {
	raw, err := c.MarshalBinary()
	if err != nil {
		return ""
	}
	return base64.RawURLEncoding.EncodeToString(raw)
}

// ParseCertificate is the inverse of String and accepts nothing that String would not write. The error is ErrCertificate.
func ParseCertificate(text string) (Certificate, error) {
	raw, err := base64.RawURLEncoding.Strict().DecodeString(text)
	var c Certificate
	if err != nil || c.UnmarshalBinary(raw) != nil || c.String() != text { // the decoder passes over line ends
		return Certificate{}, ErrCertificate
	}
	return c, nil
}
