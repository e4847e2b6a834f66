package slate

import (
	"crypto/ed25519"
	"time"
)

// Verdict is what a filmed slate is worth.
type Verdict string

// Only a genuine slate may anchor anything.
const (
	Genuine    Verdict = "genuine"
	Forged     Verdict = "forged"     // names a key of ours, and a signature is wrong
	Expired    Verdict = "expired"    // signed by a certified phone outside the certificate's validity
	Replayed   Verdict = "replayed"   // genuine once, for another activity or another time
	Foreign    Verdict = "foreign"    // names a key that is not ours: nothing about it can be known
	Unreadable Verdict = "unreadable" // not a slate
)

// Expected is what the footage is said to show. Times are true times, both included.
type Expected struct {
	Activity [16]byte
	From, To time.Time
}

// Judge reads a QR code's text. The slate is meaningful only when the verdict is Genuine, Replayed or Expired.
func Judge(text string, keys []ed25519.PublicKey, want Expected) (Slate, Verdict) {
	s, raw, ok := parse(text)
	if !ok {
		return Slate{}, Unreadable
	}
	key := find(keys, s.Certificate.Bureau)
	if key == nil {
		return Slate{}, Foreign
	}
	if !ed25519.Verify(key, append([]byte(certContext), raw[:certSize]...), s.Certificate.signature) ||
		!ed25519.Verify(s.Certificate.Phone, append([]byte(slateContext), raw[:bodySize]...), raw[bodySize:]) {
		return Slate{}, Forged
	}
	if !s.Certificate.covers(s.Shown) {
		return s, Expired
	}
	doubt := s.Certificate.Error
	if s.Certificate.Activity != want.Activity || s.Shown.Add(doubt).Before(want.From) || s.Shown.Add(-doubt).After(want.To) {
		return s, Replayed
	}
	return s, Genuine
}

func find(keys []ed25519.PublicKey, id KeyID) ed25519.PublicKey {
	for _, key := range keys {
		if len(key) == ed25519.PublicKeySize && IDOf(key) == id {
			return key
		}
	}
	return nil
}

// Offset is what has to be added to a camera's time to have the true time: somewhere from Min to Max.
type Offset struct{ Min, Max time.Duration }

// OffsetOf is the interval that one frame showing a genuine slate yields. The phone shows each slate for at most display before it
// signs the next; the camera stamps the frame at filmed by its own clock, right to within stamp. A camera's clock more than two
// centuries off yields nothing.
func OffsetOf(s Slate, filmed time.Time, display, stamp time.Duration) (Offset, bool) {
	const limit = 200 * 365 * 24 * time.Hour
	between := s.Shown.Sub(filmed)
	if between < -limit || between > limit || display < 0 || display > limit/4 || stamp < 0 || stamp > limit/8 {
		return Offset{}, false
	}
	doubt := s.Certificate.Error + stamp
	return Offset{Min: between - doubt, Max: between + display + doubt}, true
}
