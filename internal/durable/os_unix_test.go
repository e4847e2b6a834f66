//go:build unix

package durable

import (
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

// TestUnlockedWhileAProgramStarts: a lock that was given back is free, even though a program that is just being started
// still has the file.
func TestUnlockedWhileAProgramStarts(t *testing.T) {
	t.Parallel()
	name := filepath.Join(t.TempDir(), "lock")
	l, err := lock(name)
	if err != nil {
		t.Fatal(err)
	}
	//nolint:forcetypeassert // lock makes no other
	child, err := unix.Dup(int(l.(locked).f.Fd())) // what a fork does
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = unix.Close(child) }()
	if _, err := lock(name); err == nil {
		t.Fatal("it is locked twice")
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	again, err := lock(name)
	if err != nil {
		t.Fatal(err)
	}
	if err := again.Close(); err != nil {
		t.Error(err)
	}
}
