package account

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"zhilu.dev/zhilu/internal/fault"
)

func TestCheckPassword(t *testing.T) {
	t.Parallel()
	for password, code := range map[string]string{
		"glaciers feed the oasis":         "",
		"昆仑山下有绿洲":                         "", // seven characters that count as fourteen
		"Tr4ct0r-und3r-m00n":              "",
		"8kqz-x3mv-p9rt":                  "",
		"昆仑山":                             "account.password_short",
		"Ab1!Ab1!":                        "account.password_short",
		strings.Repeat("long ", 40):       "account.password_long",
		"wangjg is my name 77":            "account.password_name",
		"我叫王建国我在执法一科":                     "account.password_name",
		"password1234":                    "account.password_common",
		"P@ssw0rd2026!":                   "account.password_common",
		"Admin@123456":                    "account.password_common",
		"adminadmin123":                   "account.password_common",
		"zhilu@20261124":                  "account.password_common",
		"aaaaaaaaaaaa":                    "account.password_common",
		"abababababab":                    "account.password_common",
		"123456789012":                    "account.password_common",
		"abcdefghijkl":                    "account.password_common",
		"1qaz2wsx3edc":                    "account.password_common",
		"qwertyuiopasd":                   "account.password_common",
		"13800138000 1987":                "account.password_common",
		"ｐａｓｓｗｏｒｄ１２３４":                    "account.password_common", // full width
		"Hotan2026!Hotan":                 "account.password_common",
		"执法记录仪2026":                       "account.password_common",
		"x1y2x1y2x1y2":                    "account.password_common",
		"correct horse battery staple 正确": "",
	} {
		err := CheckPassword(password, "wangjg", "王建国")
		got := ""
		if err != nil {
			got = fault.As(err).Code
		}
		if got != code {
			t.Errorf("%q: got %q, want %q", password, got, code)
		}
	}
}

func TestHash(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	h := newHasher(HashParams{Memory: 64, Passes: 1, Threads: 1})
	stronger := newHasher(HashParams{Memory: 128, Passes: 1, Threads: 1})
	rapid.Check(t, func(t *rapid.T) {
		p := rapid.String().Draw(t, "password")
		enc, err := h.hash(ctx, p)
		if err != nil {
			t.Fatal(err)
		}
		ok, stale, err := h.verify(ctx, p, enc)
		if !ok || stale || err != nil {
			t.Fatalf("%v %v %v", ok, stale, err)
		}
		if ok, stale, _ := stronger.verify(ctx, p, enc); !ok || !stale {
			t.Fatalf("a hash with lower costs: right %v, stale %v", ok, stale)
		}
		if ok, _, _ := h.verify(ctx, p+"x", enc); ok {
			t.Fatal("another password fits")
		}
	})
	for _, bad := range []string{"", "x", "$argon2i$v=19$m=64,t=1,p=1$AAAA$AAAA", "$argon2id$v=19$m=99999999,t=1,p=1$AAAA$" + strings.Repeat("A", 43)} {
		if _, _, err := h.verify(ctx, "x", bad); err == nil {
			t.Errorf("%q was taken for a hash", bad)
		}
	}
	if ok, _, err := h.verify(ctx, "", h.decoy()); ok || err != nil {
		t.Errorf("the decoy: %v %v", ok, err)
	}
}

func TestOneTimePassword(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for range 1000 {
		p := oneTimePassword()
		if len(p) != 19 || seen[p] || strings.ContainsAny(p, "01ilo") {
			t.Fatalf("%q", p)
		}
		seen[p] = true
	}
}

func TestLockFor(t *testing.T) {
	t.Parallel()
	for locks, want := range map[int64]time.Duration{
		-1: 15 * time.Minute, 0: 15 * time.Minute, 1: 30 * time.Minute, 2: time.Hour, 6: 16 * time.Hour, 7: 24 * time.Hour, 1 << 40: 24 * time.Hour,
	} {
		if got := lockFor(locks); got != want {
			t.Errorf("lock %d: %v, want %v", locks, got, want)
		}
	}
}

// TestLimiterForgets: its memory is bounded, whatever keys come (T28).
func TestLimiterForgets(t *testing.T) {
	t.Parallel()
	l := newLimiter(Limit{Every: time.Hour, Burst: 1})
	now := time.Unix(0, 0)
	if !l.allow("me", now) || l.allow("me", now) {
		t.Fatal("one at once")
	}
	for i := range 50_000 {
		l.allow(fmt.Sprint(i), now)
		if i%1000 == 0 && l.allow("me", now) {
			t.Fatalf("who keeps trying was forgotten after %d others", i)
		}
	}
	if n := len(l.keys.young) + len(l.keys.old); n > 2*4096 {
		t.Fatalf("remembers %d keys", n)
	}
}
