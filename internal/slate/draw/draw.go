// Package draw makes slates (场记码) as a phone would show them, for trials and for whoever has no phone: a certificate for a phone key that is
// thrown away, one slate of it, and its picture.
package draw

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"zhilu.dev/zhilu/internal/durable"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/slate"
	"zhilu.dev/zhilu/internal/slate/qr"
)

// Key reads a private Ed25519 key (PKCS#8 PEM) that certifies phones: Invalid "slate.no_key".
func Key(name string) (ed25519.PrivateKey, error) {
	raw, err := os.ReadFile(name) //nolint:gosec // the operator names the key
	if err != nil {
		return nil, fault.Wrap(err, fault.Invalid, "slate.no_key").At("keys")
	}
	if block, _ := pem.Decode(raw); block != nil {
		if key, err := x509.ParsePKCS8PrivateKey(block.Bytes); err == nil {
			if k, ok := key.(ed25519.PrivateKey); ok {
				return k, nil
			}
		}
	}
	return nil, fault.New(fault.Invalid, "slate.no_key").At("keys")
}

// Order says what is wanted.
type Order struct {
	Activity [16]byte
	Kind     slate.Kind
	Shown    time.Time
	Error    time.Duration // of the phone's clock
	Out      string        // FILE.png or FILE.svg
	Scale    int           // points a module of a PNG
}

// Slate signs one, writes its picture durably and gives its text. Faults: Invalid "slate.make" (a time that no certificate covers), "slate.out".
func Slate(bureau ed25519.PrivateKey, o Order) (string, error) {
	public, phone, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return "", fmt.Errorf("slate: %w", err)
	}
	shown := o.Shown.UTC().Truncate(time.Millisecond)
	cert, err := slate.Certify(bureau, slate.Certificate{
		Activity: o.Activity, Phone: public, From: shown.Add(-time.Hour).Truncate(time.Second), To: shown.Add(24 * time.Hour).Truncate(time.Second), Error: o.Error.Truncate(time.Millisecond),
	})
	if err != nil {
		return "", fault.Wrap(err, fault.Invalid, "slate.make").At("shown")
	}
	s := slate.Slate{Certificate: cert, Kind: o.Kind, Shown: shown}
	if _, err := rand.Read(s.Nonce[:]); err != nil {
		return "", fmt.Errorf("slate: %w", err)
	}
	text, err := slate.Issue(phone, s)
	if err != nil {
		return "", fault.Wrap(err, fault.Invalid, "slate.make").At("shown")
	}
	code, err := qr.Encode(text)
	if err != nil {
		return "", fmt.Errorf("slate: %w", err)
	}
	var b bytes.Buffer
	switch ext := strings.ToLower(filepath.Ext(o.Out)); ext {
	case ".svg":
		b.WriteString(code.SVG())
	case ".png":
		err = code.PNG(&b, o.Scale)
	default:
		return "", fault.New(fault.Invalid, "slate.out").At("out")
	}
	if err == nil {
		err = durable.WriteFile(durable.OS(), o.Out, b.Bytes(), 0o644)
	}
	if err != nil {
		return "", fault.Wrap(err, fault.Invalid, "slate.out").At("out")
	}
	return text, nil
}
