package slate

import (
	"crypto/ed25519"
	"errors"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestCertificateThereAndBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		from := rapid.Int64Range(0, 1<<32-1).Draw(t, "from")
		cert, err := Certify(bureau, Certificate{
			Activity: [16]byte(rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "activity")), Phone: public(phone),
			From: time.Unix(from, 0), To: time.Unix(rapid.Int64Range(from, 1<<32-1).Draw(t, "to"), 0),
			Error: time.Duration(rapid.Uint32().Draw(t, "error")) * time.Millisecond,
		})
		if err != nil {
			t.Fatal(err)
		}
		got, err := ParseCertificate(cert.String())
		if err != nil || got.String() != cert.String() || !got.From.Equal(cert.From) || !got.To.Equal(cert.To) || got.Error != cert.Error ||
			got.Activity != cert.Activity || got.Bureau != cert.Bureau || !got.Phone.Equal(cert.Phone) {
			t.Fatalf("%+v became %+v, %v", cert, got, err)
		}
		// The phone signs with what it was handed, and that is genuine.
		text, err := Issue(phone, Slate{Certificate: got, Kind: Departure, Shown: got.From})
		if err != nil {
			t.Fatal(err)
		}
		want := Expected{Activity: cert.Activity, From: cert.From, To: cert.To}
		if _, v := Judge(text, []ed25519.PublicKey{public(bureau)}, want); v != Genuine {
			t.Fatal(v)
		}
	})
}

func TestCertificateRefuses(t *testing.T) {
	cert, err := Certify(bureau, Certificate{Phone: public(phone), From: morning, To: morning})
	if err != nil {
		t.Fatal(err)
	}
	text := cert.String()
	for _, bad := range []string{"", text[1:], text + "AAAA", text[:90] + "\n" + text[90:], strings.Repeat("*", len(text))} {
		if _, err := ParseCertificate(bad); !errors.Is(err, ErrCertificate) {
			t.Errorf("%q: %v", bad, err)
		}
	}
	if _, err := (Certificate{Phone: public(phone)}).MarshalBinary(); !errors.Is(err, ErrCertificate) || (Certificate{}).String() != "" {
		t.Errorf("never signed: %v", err)
	}
}

func FuzzParseCertificate(f *testing.F) {
	cert, err := Certify(bureau, Certificate{Phone: public(phone), From: morning, To: morning.Add(time.Hour)})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(cert.String())
	f.Add("")
	f.Add(strings.Repeat("A", len(cert.String())))
	f.Fuzz(func(t *testing.T, text string) {
		if c, err := ParseCertificate(text); err == nil && c.String() != text {
			t.Errorf("%q read as %q", text, c)
		}
	})
}
