package main

import (
	"bytes"
	"testing"

	"zhilu.dev/zhilu/internal/dock"
	"zhilu.dev/zhilu/internal/locale"
)

// T26: on a terminal a file's name neither turns its line nor commands the terminal.
func TestNamesOnATerminal(t *testing.T) {
	t.Parallel()
	cat, err := locale.Load()
	if err != nil {
		t.Fatal(err)
	}
	var out, errOut bytes.Buffer
	v := newDockView(&env{out: &out, errOut: &errOut, words: cat.For(locale.Chinese), cat: cat}, false)
	v.file(dock.Result{Name: "DCIM/\u202egpj.\x1b[31m现场\n.mp4", Size: 3, Status: dock.Sealed})
	v.close()
	if got, want := out.String(), "DCIM/‹U+202E›gpj.‹U+001B›[31m现场‹U+000A›.mp4\t"; !bytes.Contains(out.Bytes(), []byte(want)) || bytes.Count(out.Bytes(), []byte("\n")) != 1 {
		t.Errorf("the line is %q, want %q in it", got, want)
	}
}
