package disc_test

import (
	"os"
	"os/exec"
	"regexp"
	"testing"

	"zhilu.dev/zhilu/internal/db/dbtest"
	"zhilu.dev/zhilu/internal/disclosure/disc"
	"zhilu.dev/zhilu/internal/disclosure/disc/disctest"
	"zhilu.dev/zhilu/internal/gate/gatetest"
)

// TestAnybodyReads: a system that goes by Rock Ridge lets whoever holds the disc read all of it, not only the account that made it.
func TestAnybodyReads(t *testing.T) {
	t.Parallel()
	tool, err := exec.LookPath("isoinfo")
	if err != nil {
		if os.Getenv("ZHILU_REQUIRE_TOOLS") == "1" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
	d := disctest.New(t, gatetest.New(t, dbtest.SQLite(t)), "一.mp4")
	raw, err := exec.CommandContext(t.Context(), tool, "-R", "-l", "-i", d.Make(t, disc.Image)).Output()
	if err != nil {
		t.Fatal(err)
	}
	modes := regexp.MustCompile(`(?m)^[-dl][-rwx]{9} `).FindAllString(string(raw), -1)
	if len(modes) < 10 {
		t.Fatalf("%d entries in %s", len(modes), raw)
	}
	for _, m := range modes {
		if m[7] != 'r' || m[0] == 'd' && m[9] != 'x' {
			t.Errorf("mode %q", m)
		}
	}
}
