// Package slate is the clapper of an on-scene activity (场记码): a signed text that a phone shows as a QR code and a camera films. It
// ties footage to an activity and a camera's clock to the phone's. The bureau signs a certificate while there is a network; the phone
// signs slates with the certified key without one. The format is docs/formats/slate-v1.md.
package slate

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"strings"
	"time"
)

// Kind is the moment a slate marks.
type Kind byte

// The three moments at which a slate is filmed.
const (
	Arrival   Kind = 1 // 到达
	Again     Kind = 2 // 中断后恢复
	Departure Kind = 3 // 离开
)

var kindNames = map[Kind]string{Arrival: "arrival", Again: "again", Departure: "departure"}

// String gives its name, as files and commands write it.
func (k Kind) String() string { return kindNames[k] }

// KindOf reads such a name.
func KindOf(name string) (Kind, bool) {
	for k, n := range kindNames {
		if n == name {
			return k, true
		}
	}
	return 0, false
}

// Reasons why something is not issued.
var (
	ErrKey      = errors.New("slate: the key is not an Ed25519 key")
	ErrKind     = errors.New("slate: not arrival, again or departure")
	ErrValidity = errors.New("slate: the time is not within the certificate's validity, or cannot be written")
)

// KeyID is the beginning of the SHA-256 of a bureau's public key.
type KeyID [8]byte

// IDOf names a bureau's key.
func IDOf(key ed25519.PublicKey) KeyID {
	sum := sha256.Sum256(key)
	return KeyID(sum[:8])
}

// Certificate lets one phone show slates for one activity for a while.
type Certificate struct {
	Bureau    KeyID
	Activity  [16]byte
	Phone     ed25519.PublicKey
	From, To  time.Time     // whole seconds, both included
	Error     time.Duration // the phone's clock is right to within this, measured when the certificate was fetched; whole milliseconds
	signature []byte
}

// Slate is one signed moment.
type Slate struct {
	Certificate Certificate
	Kind        Kind
	Shown       time.Time // by the phone's clock, whole milliseconds
	Nonce       [8]byte
}

const (
	prefix   = "ZL1:"
	certSize = 8 + 16 + 32 + 4 + 4 + 4
	bodySize = certSize + ed25519.SignatureSize + 1 + 8 + 8
	size     = bodySize + ed25519.SignatureSize
)

// Contexts keep a signature made for one purpose from serving another.
const (
	certContext  = "zhilu slate certificate v1\n"
	slateContext = "zhilu slate v1\n"
)

// Certify signs a certificate with the bureau's key.
func Certify(bureau ed25519.PrivateKey, cert Certificate) (Certificate, error) {
	if len(bureau) != ed25519.PrivateKeySize || len(cert.Phone) != ed25519.PublicKeySize {
		return Certificate{}, ErrKey
	}
	cert.From, cert.To, cert.Error = cert.From.UTC().Truncate(time.Second), cert.To.UTC().Truncate(time.Second), roundUp(cert.Error)
	if cert.To.Before(cert.From) || !fits(cert.From.Unix()) || !fits(cert.To.Unix()) || cert.Error < 0 || !fits(cert.Error.Milliseconds()) {
		return Certificate{}, ErrValidity
	}
	public, ok := bureau.Public().(ed25519.PublicKey)
	if !ok {
		return Certificate{}, ErrKey
	}
	cert.Bureau = IDOf(public)
	cert.signature = ed25519.Sign(bureau, append([]byte(certContext), cert.bytes()...))
	return cert, nil
}

// Issue signs a slate with the phone's key and returns the QR code's text.
func Issue(phone ed25519.PrivateKey, s Slate) (string, error) {
	if len(phone) != ed25519.PrivateKeySize || len(s.Certificate.signature) != ed25519.SignatureSize || !s.Certificate.Phone.Equal(phone.Public()) {
		return "", ErrKey
	}
	if s.Kind < Arrival || s.Kind > Departure {
		return "", ErrKind
	}
	if !s.Certificate.covers(s.Shown) {
		return "", ErrValidity
	}
	body := append(s.Certificate.bytes(), s.Certificate.signature...)
	body = append(body, byte(s.Kind))
	body = binary.BigEndian.AppendUint64(body, uint64(s.Shown.UnixMilli()))
	body = append(body, s.Nonce[:]...)
	body = append(body, ed25519.Sign(phone, append([]byte(slateContext), body...))...)
	return prefix + encode(body), nil
}

func (c Certificate) bytes() []byte {
	out := append([]byte{}, c.Bureau[:]...)
	out = append(out, c.Activity[:]...)
	out = append(out, c.Phone...)
	for _, n := range []int64{c.From.Unix(), c.To.Unix(), c.Error.Milliseconds()} {
		out = binary.BigEndian.AppendUint32(out, uint32(n)) //nolint:gosec // Certify: fits
	}
	return out
}

// covers says whether a moment by the phone's clock is within the validity; the last second belongs to it whole.
func (c Certificate) covers(at time.Time) bool {
	return !at.Before(c.From) && at.Before(c.To.Add(time.Second))
}

func fits(n int64) bool { return n >= 0 && n <= 0xffffffff }

// roundUp never makes a clock look better than it was measured.
func roundUp(d time.Duration) time.Duration {
	if whole := d.Truncate(time.Millisecond); whole < d {
		return whole + time.Millisecond
	}
	return d.Truncate(time.Millisecond)
}

// parse reads the text without believing it.
func parse(text string) (s Slate, raw []byte, ok bool) {
	rest, found := strings.CutPrefix(text, prefix)
	if !found || len(rest) != size/2*3+size%2*2 {
		return Slate{}, nil, false
	}
	raw, ok = decode(rest)
	if !ok || len(raw) != size {
		return Slate{}, nil, false
	}
	s.Certificate = readCertificate(raw[:certSize+ed25519.SignatureSize])
	moment := raw[certSize+ed25519.SignatureSize:]
	s.Kind = Kind(moment[0])
	s.Shown = time.UnixMilli(int64(binary.BigEndian.Uint64(moment[1:]))).UTC() //nolint:gosec // any value is judged against the validity
	s.Nonce = [8]byte(moment[9:17])
	return s, raw, s.Kind >= Arrival && s.Kind <= Departure
}

// readCertificate reads bytes 0–131 without believing them.
func readCertificate(raw []byte) Certificate {
	number := func(at int) int64 { return int64(binary.BigEndian.Uint32(raw[at:])) }
	return Certificate{
		Bureau: KeyID(raw[:8]), Activity: [16]byte(raw[8:24]), Phone: ed25519.PublicKey(raw[24:56]),
		From: time.Unix(number(56), 0).UTC(), To: time.Unix(number(60), 0).UTC(), Error: time.Duration(number(64)) * time.Millisecond,
		signature: raw[certSize:],
	}
}
