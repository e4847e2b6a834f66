package derive_test

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/media"
	"zhilu.dev/zhilu/internal/media/derive"
)

func need(t testing.TB, variable, what string, there bool) {
	t.Helper()
	if there {
		return
	}
	if os.Getenv(variable) == "1" {
		t.Fatalf("%s is missing and %s=1", what, variable)
	}
	t.Skipf("%s is not here", what)
}

func needTools(t testing.TB) {
	t.Helper()
	for _, n := range []string{"ffmpeg", "ffprobe", "prlimit", "bwrap", "nice"} {
		_, err := exec.LookPath(n)
		need(t, "ZHILU_REQUIRE_TOOLS", n, err == nil)
	}
}

func newMaker(t testing.TB, cfg derive.Config) *derive.Maker {
	t.Helper()
	needTools(t)
	cfg.Logger = slog.New(slog.DiscardHandler)
	if cfg.TempDir == "" {
		cfg.TempDir = t.TempDir()
	}
	m, err := derive.New(t.Context(), cfg)
	if fault.HasCode(err, "media.sandbox_unavailable") {
		need(t, "ZHILU_REQUIRE_TOOLS", "bubblewrap that works", false)
	}
	if err != nil {
		t.Fatal(err)
	}
	return m
}

var weak = derive.Config{NoBwrap: true, AllowRlimit: true}

// source reads what is known of a file, as the follow-up job does.
func source(t testing.TB, name string, content []byte) derive.Source {
	t.Helper()
	p, err := media.New(t.Context(), media.Config{Logger: slog.New(slog.DiscardHandler), Clock: clock.System(), TempDir: t.TempDir(), AllowRlimit: true})
	if err != nil {
		t.Fatal(err)
	}
	r := bytes.NewReader(content)
	facts, err := p.Probe(t.Context(), media.Source{ReaderAt: r, Size: int64(len(content)), Name: name})
	if err != nil {
		t.Fatal(err)
	}
	return derive.Source{ReaderAt: r, Size: int64(len(content)), Facts: facts}
}

func camera(t testing.TB, name string) derive.Source {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("../../../../shared/media", name))
	need(t, "ZHILU_REQUIRE_MEDIA", name, err == nil)
	return source(t, name, raw)
}

// generated has ffmpeg make a file; the last argument is its name.
func generated(t testing.TB, args ...string) derive.Source {
	t.Helper()
	needTools(t)
	path := filepath.Join(t.TempDir(), args[len(args)-1])
	args[len(args)-1] = path
	out, err := exec.CommandContext(t.Context(), "ffmpeg", append([]string{"-v", "error", "-y"}, args...)...).CombinedOutput()
	if err != nil {
		t.Fatalf("ffmpeg: %v\n%s", err, out)
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return source(t, filepath.Base(path), raw)
}

// shown is what ffprobe says of something made.
type shown struct {
	Streams []struct {
		Codec  string            `json:"codec_name"`
		Type   string            `json:"codec_type"`
		Format string            `json:"pix_fmt"`
		Width  int               `json:"width"`
		Height int               `json:"height"`
		Tags   map[string]string `json:"tags"`
		Side   []any             `json:"side_data_list"`
		Read   string            `json:"nb_read_frames"`
	} `json:"streams"`
	Format struct {
		Tags map[string]string `json:"tags"`
	} `json:"format"`
	Packets []struct {
		Type string `json:"codec_type"`
		PTS  int64  `json:"pts"`
		Size string `json:"size"`
	} `json:"packets"`
}

func probe(t testing.TB, name string, content []byte) shown {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(context.Background(), "ffprobe", "-v", "error", "-show_streams", "-show_format", "-show_packets", "-count_frames", "-of", "json", path)
	var complaint bytes.Buffer
	cmd.Stderr = &complaint
	out, err := cmd.Output()
	if err != nil || strings.Contains(complaint.String(), "Invalid") {
		t.Fatalf("ffprobe: %v\n%s", err, &complaint)
	}
	var s shown
	if err := json.Unmarshal(out, &s); err != nil {
		t.Fatal(err)
	}
	return s
}
