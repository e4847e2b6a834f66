// Package optical runs the programs that make images of discs and burn them.
package optical

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"zhilu.dev/zhilu/internal/fault"
)

// packWall is how long packing may take: a day, for a drive full of recordings.
const packWall = 24 * time.Hour

// Pack runs genisoimage on a folder: in namespaces of its own where bubblewrap works, with the system's libraries and the folder in
// sight, read-only, and no network. It writes nothing but its output.
func Pack(ctx context.Context, tool, folder string, args []string, out io.Writer) error {
	path, err := find(tool, "genisoimage")
	if err != nil {
		return err
	}
	limit, err := find("", "prlimit")
	if err != nil {
		return err
	}
	folder, err = filepath.Abs(folder)
	if err != nil {
		return fmt.Errorf("optical: %w", err)
	}
	line := []string{"--as=" + fmt.Sprint(2<<30), "--core=0", "--fsize=0", "--nofile=256", "--"}
	inside := append([]string{path}, append(args, folder)...)
	if bwrap, err := find("", "bwrap"); err == nil && works(ctx, bwrap) {
		line = append(line, fenced(bwrap)...)
		line = append(line, "--ro-bind", path, "/genisoimage", "--ro-bind", folder, "/disc", "--remount-ro", "/", "--chdir", "/", "--")
		inside = append([]string{"/genisoimage"}, append(args, "/disc")...)
	}
	ctx, cancel := context.WithTimeout(ctx, packWall)
	defer cancel()
	cmd := exec.CommandContext(ctx, limit, append(line, inside...)...) //nolint:gosec // the program is fixed; names are arguments, never shell words
	cmd.Env = []string{"LC_ALL=C.UTF-8", "PATH=/usr/bin:/bin"}
	cmd.WaitDelay = 2 * time.Second
	failed := &sink{w: out}
	var complaint bytes.Buffer
	cmd.Stdout, cmd.Stderr = failed, &tailOf{b: &complaint}
	err = cmd.Run()
	switch {
	case failed.err != nil:
		return failed.err
	case ctx.Err() != nil:
		return fmt.Errorf("optical: %w", ctx.Err())
	case err != nil:
		return fault.Wrap(fmt.Errorf("genisoimage: %w: %s", err, complaint.String()), fault.Unavailable, "disc.pack")
	}
	return nil
}

// fenced is the beginning of a line for bubblewrap.
func fenced(bwrap string) []string {
	line := []string{
		bwrap, "--unshare-all", "--die-with-parent", "--new-session", "--cap-drop", "ALL", "--clearenv", "--setenv", "LC_ALL", "C.UTF-8",
		"--proc", "/proc", "--dev", "/dev",
	}
	for _, lib := range []string{"/lib", "/lib64", "/usr/lib", "/usr/lib64", "/etc/ld.so.cache"} {
		line = append(line, "--ro-bind-try", lib, lib)
	}
	return line
}

// works tries bubblewrap on nothing.
func works(ctx context.Context, bwrap string) bool {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	args := append(fenced(bwrap)[1:], "--ro-bind", "/usr/bin/true", "/true", "--", "/true")
	return exec.CommandContext(ctx, bwrap, args...).Run() == nil //nolint:gosec // fixed
}

func find(given, name string) (string, error) {
	if given == "" {
		given = name
	}
	path, err := exec.LookPath(given)
	if err == nil {
		path, err = filepath.EvalSymlinks(path)
	}
	if err != nil {
		return "", fault.Wrap(err, fault.Unavailable, "disc.tool", name)
	}
	return path, nil
}

// Ready reports whether images can be made here: Unavailable "disc.tool" with what is missing.
func Ready(tool string) error {
	_, err := find(tool, "genisoimage")
	return err
}

// sink remembers what its writer said, so that a full disk is not taken for the tool's fault.
type sink struct {
	w   io.Writer
	err error
}

func (s *sink) Write(b []byte) (int, error) {
	if s.err != nil {
		return 0, s.err
	}
	n, err := s.w.Write(b)
	s.err = err
	return n, err //nolint:wrapcheck // kept above
}

// tailOf keeps the beginning of what a tool complains of.
type tailOf struct{ b *bytes.Buffer }

func (t *tailOf) Write(p []byte) (int, error) {
	if room := 4096 - t.b.Len(); room > 0 {
		t.b.Write(p[:min(room, len(p))])
	}
	return len(p), nil
}

// Drives lists the drives of this machine that could burn: what the system names as such and is there.
func Drives() []string {
	found, err := filepath.Glob("/dev/sr[0-9]*")
	if err != nil {
		return nil
	}
	return found
}

// Burn writes an image to a drive with xorriso, as a single closed session.
func Burn(ctx context.Context, image, drive string, watch io.Writer) error {
	path, err := find("", "xorriso")
	if err != nil {
		return err
	}
	known := false
	for _, d := range Drives() {
		known = known || d == drive
	}
	if !known {
		return fault.New(fault.NotFound, "disc.no_drive", drive).At("drive")
	}
	ctx, cancel := context.WithTimeout(ctx, packWall)
	defer cancel()
	cmd := exec.CommandContext(ctx, path, "-as", "cdrecord", "-v", "dev="+drive, "-sao", "-eject", image) //nolint:gosec // a drive of this machine, a file of ours
	var complaint bytes.Buffer
	cmd.Stdout, cmd.Stderr = watch, io.MultiWriter(watch, &tailOf{b: &complaint})
	if err := cmd.Run(); err != nil {
		return fault.Wrap(fmt.Errorf("xorriso: %w: %s", err, strings.TrimSpace(complaint.String())), fault.Unavailable, "disc.burn", drive)
	}
	return nil
}
