package verify_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"testing"

	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/verify"
)

// TestClipExamples: the example of docs/formats/clip-statement-v1.md, made once by redaction.TestBrokenOff with ZHILU_UPDATE_EXAMPLES=1,
// verifies for ever, and in every way in which it is spoiled it does not.
func TestClipExamples(t *testing.T) {
	t.Parallel()
	read := func(name string) []byte {
		raw, err := os.ReadFile(filepath.Join(examples, name))
		if err != nil {
			t.Fatal(err)
		}
		return raw
	}
	whole, beside, other := read("clip.mp4"), read("clip.json"), read("clip-other.json")
	trust, err := verify.ParseTrust(read("clip-trust.json"))
	if err != nil {
		t.Fatal(err)
	}
	stranger, err := verify.ReadTrust(filepath.Join(examples, "log", "trust.json"))
	if err != nil {
		t.Fatal(err)
	}
	media := whole[:len(whole)-24-len(beside)]
	if !bytes.HasSuffix(whole, beside) {
		t.Fatal("the statement inside is not the one beside")
	}
	with := func(statement []byte) []byte {
		box := bytes.Clone(whole[len(media) : len(media)+24])
		n := len(statement) + 24
		box[0], box[1], box[2], box[3] = byte(n>>24), byte(n>>16), byte(n>>8), byte(n)
		return append(append(bytes.Clone(media), box...), statement...)
	}
	flip := func(at int) []byte {
		out := bytes.Clone(whole)
		out[at] ^= 1
		return out
	}
	original := filepath.Join(examples, "clip.mp4")
	for name, c := range map[string]struct {
		file    string
		content []byte
		o       verify.Options
		code    int
	}{
		"as it was made":                  {"clip.mp4", whole, verify.Options{Trust: trust}, verify.ExitOK},
		"put together again":              {"clip.mp4", with(beside), verify.Options{Trust: trust}, verify.ExitOK},
		"nobody is trusted":               {"clip.mp4", whole, verify.Options{}, verify.ExitSignerUnknown},
		"another bureau is trusted":       {"clip.mp4", whole, verify.Options{Trust: stranger}, verify.ExitWrong},
		"the statement beside":            {"clip.json", beside, verify.Options{Trust: trust, File: original}, verify.ExitOK},
		"another's statement beside":      {"clip.json", other, verify.Options{Trust: trust, File: original}, verify.ExitWrong},
		"another's statement inside":      {"clip.mp4", with(other), verify.Options{Trust: trust}, verify.ExitWrong},
		"a byte of the media":             {"clip.mp4", flip(len(media) - 9), verify.Options{Trust: trust}, verify.ExitWrong},
		"a byte of the statement":         {"clip.mp4", flip(len(whole) - len(beside)/2), verify.Options{Trust: trust}, verify.ExitWrong},
		"a word of the statement":         {"clip.mp4", with(bytes.Replace(beside, []byte("格式示例"), []byte("格式事例"), 1)), verify.Options{Trust: trust}, verify.ExitWrong},
		"the transcript's digest":         {"clip.json", bytes.Replace(beside, []byte(`\"transcript\":{\"name\":\"录`), []byte(`\"transcript\":{\"name\":\"录录`), 1), verify.Options{Trust: trust}, verify.ExitWrong},
		"cut":                             {"clip.mp4", whole[:len(whole)-1], verify.Options{Trust: trust}, verify.ExitWrong},
		"cut in the media":                {"clip.mp4", whole[:len(media)/2], verify.Options{Trust: trust}, verify.ExitWrong},
		"without its statement":           {"clip.mp4", media, verify.Options{Trust: trust}, verify.ExitWrong},
		"an empty statement":              {"clip.mp4", with(nil), verify.Options{Trust: trust}, verify.ExitWrong},
		"its statement twice":             {"clip.mp4", append(bytes.Clone(whole), whole[len(media):]...), verify.Options{Trust: trust}, verify.ExitWrong},
		"something between, before a box": {"clip.mp4", append(append(bytes.Clone(media), 0, 0, 0, 8, 'f', 'r', 'e', 'e'), whole[len(media):]...), verify.Options{Trust: trust}, verify.ExitWrong},
	} {
		path := filepath.Join(t.TempDir(), c.file)
		writeFile(t, path, c.content)
		c.o.Clock = clock.System()
		r, err := verify.Target(context.Background(), path, c.o)
		if err != nil || r.ExitCode() != c.code {
			t.Errorf("%s: %v %+v", name, err, r)
		}
	}
}
