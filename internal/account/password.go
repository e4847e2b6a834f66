package account

import (
	"bufio"
	"context"
	"crypto/rand"
	"crypto/subtle"
	_ "embed"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"
	"golang.org/x/text/unicode/norm"

	"zhilu.dev/zhilu/internal/fault"
)

// HashParams are the costs of argon2id. They stand in each hash, so they can be raised later: a hash with other
// parameters is renewed at the next sign-in.
type HashParams struct {
	Memory  uint32 // KiB
	Passes  uint32
	Threads uint8
}

// DefaultHash costs about 50 ms and 32 MiB a try on a county server (OWASP's 19 MiB and 2 passes, with reserve).
var DefaultHash = HashParams{Memory: 32 << 10, Passes: 2, Threads: 1}

const (
	saltLen = 16
	keyLen  = 32
	// hashesAtOnce bounds the memory that people signing in at the same time can take.
	hashesAtOnce = 2
)

// hasher hashes and verifies passwords, a few at a time.
type hasher struct {
	params HashParams
	slots  chan struct{}
	decoy  func() string // a hash no password fits: what an unknown user is checked against
}

func newHasher(p HashParams) *hasher {
	h := &hasher{params: p, slots: make(chan struct{}, hashesAtOnce)}
	h.decoy = sync.OnceValue(func() string { return encodeHash(p, randomBytes(saltLen), randomBytes(keyLen)) })
	return h
}

func (h *hasher) hash(ctx context.Context, password string) (string, error) {
	salt := randomBytes(saltLen)
	key, err := h.derive(ctx, password, salt, h.params)
	if err != nil {
		return "", err
	}
	return encodeHash(h.params, salt, key), nil
}

// verify reports whether the password fits the hash, and whether the hash should be renewed.
func (h *hasher) verify(ctx context.Context, password, encoded string) (ok, stale bool, err error) {
	p, salt, want, err := decodeHash(encoded)
	if err != nil {
		return false, false, err
	}
	got, err := h.derive(ctx, password, salt, p)
	if err != nil {
		return false, false, err
	}
	return subtle.ConstantTimeCompare(got, want) == 1, p != h.params, nil
}

func (h *hasher) derive(ctx context.Context, password string, salt []byte, p HashParams) ([]byte, error) {
	select {
	case h.slots <- struct{}{}:
		defer func() { <-h.slots }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	return argon2.IDKey([]byte(norm.NFKC.String(password)), salt, p.Passes, p.Memory, p.Threads, keyLen), nil
}

func encodeHash(p HashParams, salt, key []byte) string {
	b := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, p.Memory, p.Passes, p.Threads,
		b.EncodeToString(salt), b.EncodeToString(key))
}

var errHash = errors.New("account: stored password hash is not a PHC argon2id string")

func decodeHash(s string) (p HashParams, salt, key []byte, err error) {
	parts := strings.Split(s, "$")
	if len(parts) != 6 || parts[0] != "" || parts[1] != "argon2id" || parts[2] != fmt.Sprintf("v=%d", argon2.Version) {
		return p, nil, nil, errHash
	}
	if n, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &p.Memory, &p.Passes, &p.Threads); n != 3 || err != nil {
		return p, nil, nil, errHash
	}
	salt, err1 := base64.RawStdEncoding.DecodeString(parts[4])
	key, err2 := base64.RawStdEncoding.DecodeString(parts[5])
	if err1 != nil || err2 != nil || len(key) != keyLen || p.Passes == 0 || p.Threads == 0 || p.Memory > 1<<20 || p.Passes > 64 {
		return p, nil, nil, errHash
	}
	return p, salt, key, nil
}

func randomBytes(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails
	return b
}

// The bounds of a password. Length is in characters; a Chinese character counts as two.
const (
	minPassword = 12
	maxPassword = 128
)

//go:embed common.txt
var commonText string

// commonWords are the cores of passwords everybody tries first.
var commonWords = sync.OnceValue(func() map[string]bool {
	words := map[string]bool{}
	for sc := bufio.NewScanner(strings.NewReader(commonText)); sc.Scan(); {
		if w := strings.TrimSpace(sc.Text()); w != "" && w[0] != '#' {
			words[w] = true
		}
	}
	return words
})

// CheckPassword judges a new password. Length is what counts: twelve characters of any kind, spaces too, so a sentence
// is welcome; no kinds of characters are demanded. Refused are what contains the sign-in name or the person's name,
// what is a row or repetition of few characters, and what everybody tries first, however decorated. Faults: Invalid
// "account.password_short" (args: the least length), "account.password_long", "account.password_name",
// "account.password_common"; field "password".
func CheckPassword(password, username, name string) error {
	bad := func(code string, args ...any) error { return fault.New(fault.Invalid, code, args...).At("password") }
	password = norm.NFKC.String(password)
	switch n := weight(password); {
	case n < minPassword:
		return bad("account.password_short", minPassword)
	case utf8.RuneCountInString(password) > maxPassword:
		return bad("account.password_long", maxPassword)
	}
	low := strings.ToLower(password)
	for _, own := range []string{username, strings.ToLower(norm.NFKC.String(name))} {
		if utf8.RuneCountInString(own) >= 2 && strings.Contains(low, own) {
			return bad("account.password_name")
		}
	}
	if isRow(low) || isCommon(low) {
		return bad("account.password_common")
	}
	return nil
}

func weight(s string) int {
	n := 0
	for _, r := range s {
		n++
		if unicode.Is(unicode.Han, r) {
			n++
		}
	}
	return n
}

// rows are what fingers and alphabets offer in order.
var rows = []string{"01234567890", "09876543210", "abcdefghijklmnopqrstuvwxyz", "qwertyuiop", "asdfghjkl", "zxcvbnm", "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9ol0p"}

// isRow reports whether few characters, or steps along rows, make up the password.
func isRow(s string) bool {
	kinds := map[rune]bool{}
	for _, r := range s {
		kinds[r] = true
	}
	if len(kinds) < 5 {
		return true
	}
	for n := 1; n <= 6; n++ { // a short piece again and again
		if len(s)%n == 0 && strings.Repeat(s[:n], len(s)/n) == s {
			return true
		}
	}
	steps, total := 0, 0
	prev := rune(0)
	for _, r := range s {
		if prev != 0 {
			total++
			for _, row := range rows {
				if strings.Contains(row, string([]rune{prev, r})) {
					steps++
					break
				}
			}
		}
		prev = r
	}
	return steps*4 >= total*3
}

// isCommon reports whether common words are all there is once digits and signs, also those written for letters, are
// taken away. Digits alone are common: they are birthdays and telephone numbers.
func isCommon(s string) bool {
	for _, leet := range []bool{false, true} {
		t := s
		if leet {
			t = strings.NewReplacer("0", "o", "1", "i", "3", "e", "4", "a", "5", "s", "7", "t", "@", "a", "$", "s", "!", "i").Replace(s)
		}
		core := strings.Map(func(r rune) rune {
			if unicode.IsLetter(r) {
				return r
			}
			return -1
		}, t)
		for range 4 { // "adminadmin", "zhilupassword"
			if core == "" {
				break
			}
			cut := ""
			for w := range commonWords() {
				if strings.HasPrefix(core, w) && len(w) > len(cut) {
					cut = w
				}
			}
			if cut == "" {
				break
			}
			core = core[len(cut):]
		}
		if len([]rune(core)) <= 2 {
			return true
		}
	}
	return false
}

// oneTimeAlphabet leaves out what is mistaken for something else when copied from paper.
const oneTimeAlphabet = "abcdefghjkmnpqrstuvwxyz23456789"

// oneTimePassword makes a password to hand over on paper: four groups of four, 79 bits.
func oneTimePassword() string {
	var b strings.Builder
	for i := 0; i < 16; {
		c := randomBytes(1)[0]
		if int(c) >= 256/len(oneTimeAlphabet)*len(oneTimeAlphabet) {
			continue // keep every character equally likely
		}
		if i > 0 && i%4 == 0 {
			b.WriteByte('-')
		}
		b.WriteByte(oneTimeAlphabet[int(c)%len(oneTimeAlphabet)])
		i++
	}
	return b.String()
}
