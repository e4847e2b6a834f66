package slate

import (
	"bytes"
	"crypto/ed25519"
	"errors"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

var (
	morning  = time.Date(2026, 11, 28, 9, 0, 0, 0, time.UTC)
	bureau   = ed25519.NewKeyFromSeed(bytes.Repeat([]byte{1}, 32))
	phone    = ed25519.NewKeyFromSeed(bytes.Repeat([]byte{2}, 32))
	stranger = ed25519.NewKeyFromSeed(bytes.Repeat([]byte{3}, 32))
	activity = [16]byte{7}
)

func public(key ed25519.PrivateKey) ed25519.PublicKey {
	return ed25519.PublicKey(key[32:])
}

func issue(t testing.TB, by ed25519.PrivateKey, shown time.Time) string {
	t.Helper()
	cert, err := Certify(by, Certificate{Activity: activity, Phone: public(phone), From: morning, To: morning.Add(12 * time.Hour), Error: 300 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	text, err := Issue(phone, Slate{Certificate: cert, Kind: Arrival, Shown: shown, Nonce: [8]byte{9}})
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestJudge(t *testing.T) {
	at := morning.Add(time.Hour)
	text := issue(t, bureau, at)
	today := Expected{Activity: activity, From: morning, To: morning.Add(2 * time.Hour)}
	s, raw, _ := parse(text)
	late := append([]byte{}, raw[:bodySize]...)
	late[certSize+ed25519.SignatureSize+1+2]++ // the moment, years on, signed by the certified phone all the same
	late = append(late, ed25519.Sign(phone, append([]byte(slateContext), late...))...)
	// A stranger's phone that certifies itself in our name.
	own := Certificate{Bureau: IDOf(public(bureau)), Activity: activity, Phone: public(stranger), From: morning, To: morning.Add(time.Hour)}
	own.signature = ed25519.Sign(stranger, append([]byte(certContext), own.bytes()...))
	selfmade, err := Issue(stranger, Slate{Certificate: own, Kind: Arrival, Shown: morning})
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		text string
		want Expected
		is   Verdict
	}{
		"genuine":            {text, today, Genuine},
		"at the very end":    {text, Expected{activity, morning, at}, Genuine},
		"within doubt":       {text, Expected{activity, morning, at.Add(-300 * time.Millisecond)}, Genuine},
		"beyond doubt":       {text, Expected{activity, morning, at.Add(-301 * time.Millisecond)}, Replayed},
		"self-certified":     {selfmade, today, Forged},
		"doubt before":       {text, Expected{activity, at.Add(300 * time.Millisecond), today.To}, Genuine},
		"too early":          {text, Expected{activity, at.Add(301 * time.Millisecond), today.To}, Replayed},
		"of yesterday":       {text, Expected{activity, morning.Add(24 * time.Hour), morning.Add(26 * time.Hour)}, Replayed},
		"other activity":     {text, Expected{[16]byte{8}, today.From, today.To}, Replayed},
		"other bureau":       {issue(t, stranger, at), today, Foreign},
		"after validity":     {prefix + encode(late), today, Expired},
		"empty":              {"", today, Unreadable},
		"a shop's code":      {"HTTPS://EXAMPLE.CN/", today, Unreadable},
		"cut short":          {text[:len(text)-3], today, Unreadable},
		"something after it": {text + "000", today, Unreadable},
	} {
		if _, got := Judge(c.text, []ed25519.PublicKey{public(bureau)}, c.want); got != c.is {
			t.Errorf("%s: %s, want %s", name, got, c.is)
		}
	}
	if s.Shown != at || s.Kind != Arrival || s.Nonce != [8]byte{9} {
		t.Errorf("read back %+v", s)
	}
	// 335 characters are what version 9 at level L holds.
	if len(text) > 335 {
		t.Errorf("%d characters", len(text))
	}
}

func TestNoChangedBitIsGenuine(t *testing.T) {
	_, raw, _ := parse(issue(t, bureau, morning.Add(time.Hour)))
	want := Expected{Activity: activity, From: morning, To: morning.Add(2 * time.Hour)}
	for bit := range len(raw) * 8 {
		changed := bytes.Clone(raw)
		changed[bit/8] ^= 1 << (bit % 8)
		_, got := Judge(prefix+encode(changed), []ed25519.PublicKey{public(bureau)}, want)
		if got != Forged && got != Foreign && got != Unreadable {
			t.Fatalf("bit %d changed: %s", bit, got)
		}
	}
}

func TestIssueRefuses(t *testing.T) {
	cert, err := Certify(bureau, Certificate{Phone: public(phone), From: morning, To: morning.Add(time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		key ed25519.PrivateKey
		s   Slate
		err error
	}{
		{stranger, Slate{Certificate: cert, Kind: Arrival, Shown: morning}, ErrKey},
		{phone, Slate{Certificate: cert, Shown: morning}, ErrKind},
		{phone, Slate{Certificate: cert, Kind: Again, Shown: morning.Add(-time.Second)}, ErrValidity},
		{phone, Slate{Certificate: Certificate{Phone: public(phone)}, Kind: Again, Shown: morning}, ErrKey},
	} {
		if _, err := Issue(c.key, c.s); !errors.Is(err, c.err) {
			t.Errorf("%v, want %v", err, c.err)
		}
	}
	if _, err := Certify(bureau, Certificate{Phone: public(phone), From: morning, To: morning.Add(-time.Hour)}); !errors.Is(err, ErrValidity) {
		t.Errorf("a reversed validity: %v", err)
	}
}

func TestBase45(t *testing.T) {
	if got := encode([]byte("Hello!!")); got != "%69 VD92EX0" { // RFC 9285, 4.3
		t.Errorf("%q", got)
	}
	rapid.Check(t, func(t *rapid.T) {
		raw := rapid.SliceOf(rapid.Byte()).Draw(t, "raw")
		if got, ok := decode(encode(raw)); !ok || !bytes.Equal(got, raw) {
			t.Fatalf("%v became %v", raw, got)
		}
	})
}

// The true offset is inside the interval whatever the phone's error, the display's age and the stamp's error were.
func TestOffsetHoldsTheTruth(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		bound := rapid.Int64Range(0, 5000).Draw(t, "bound")
		display := rapid.Int64Range(0, 5000).Draw(t, "display")
		stamp := rapid.Int64Range(0, 5000).Draw(t, "stamp")
		offset := rapid.Int64Range(-1e9, 1e9).Draw(t, "offset")
		ms := func(n int64) time.Duration { return time.Duration(n) * time.Millisecond }
		wrong := rapid.Int64Range(-bound, bound).Draw(t, "wrong")
		age := rapid.Int64Range(0, display).Draw(t, "age")
		jitter := rapid.Int64Range(-stamp, stamp).Draw(t, "jitter")
		s := Slate{Certificate: Certificate{Error: ms(bound)}, Shown: morning.Add(ms(wrong))}
		got, ok := OffsetOf(s, morning.Add(ms(age-offset+jitter)), ms(display), ms(stamp))
		if !ok || got.Min > ms(offset) || got.Max < ms(offset) {
			t.Fatalf("%v does not hold %v", got, ms(offset))
		}
	})
}

func TestOffsetOfAClockFromNowhere(t *testing.T) {
	for _, filmed := range []time.Time{{}, time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)} {
		if got, ok := OffsetOf(Slate{Shown: morning}, filmed, time.Second, time.Second); ok {
			t.Errorf("filmed in %d: %v", filmed.Year(), got)
		}
	}
	if _, ok := OffsetOf(Slate{Shown: morning}, time.Date(1904, 1, 1, 0, 0, 0, 0, time.UTC), time.Second, 0); !ok {
		t.Error("1904 is far off and still an offset")
	}
}

func FuzzJudge(f *testing.F) {
	text := issue(f, bureau, morning)
	for _, seed := range []string{text, "", prefix, prefix + strings.Repeat(":", len(text)-len(prefix)), strings.ToLower(text)} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, read string) {
		_, got := Judge(read, []ed25519.PublicKey{public(bureau)}, Expected{Activity: activity, From: morning, To: morning})
		if got == Genuine && read != text {
			t.Errorf("genuine: %q", read)
		}
	})
}
