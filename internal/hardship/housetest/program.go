// Package housetest builds the program, makes a house with it, and sets it to work from outside: a server that is started,
// killed and started again, files of any size whose bytes follow from a seed, a small tus client and the dock agent,
// everything that was acknowledged to them, and at the end the question whether all of it is there, once and unchanged.
// Nothing of the program runs inside the test, so what is tried here is what a bureau runs.
//
// Three variables steer it. ZHILU_FAULT=full makes the whole of a suite instead of its short cut (`make fault`);
// ZHILU_FAULT_SEED repeats a run, or tries other points; ZHILU_FAULT_<NAME> sets one number of one suite (see Number).
package housetest

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// Main runs a package's tests and takes away the program that was built for them. Call it from TestMain.
func Main(m *testing.M) {
	if os.Getenv(wiredEnv) != "" { // started by LaunchWired, to become the server
		fmt.Fprintln(os.Stderr, becomeWired())
		os.Exit(1)
	}
	defer func() {
		if built.dir != "" {
			_ = os.RemoveAll(built.dir)
		}
	}()
	m.Run()
}

var built struct {
	once sync.Once
	dir  string
	path string
	err  error
}

// Program gives the path of the program, which is built once a test run: for a whole suite as `make build` does, else with
// the flags of the test, so that what was compiled for the test is not compiled again. ZHILU_FAULT_PROGRAM names one that
// is there already, to try a release.
func Program(t testing.TB) string {
	t.Helper()
	if path := os.Getenv("ZHILU_FAULT_PROGRAM"); path != "" {
		return path
	}
	built.once.Do(func() {
		if built.dir, built.err = os.MkdirTemp("", "zhilu-tried-"); built.err != nil {
			return
		}
		root, err := moduleRoot()
		if err != nil {
			built.err = err
			return
		}
		if built.err = touchSources(root); built.err != nil {
			return
		}
		built.path = filepath.Join(built.dir, "zhilu")
		args := []string{"build", "-ldflags", "-s -w", "-o", built.path}
		if Full() {
			args = append(args, "-trimpath")
		}
		c := exec.Command("go", append(args, "./cmd/zhilu")...)
		c.Dir, c.Env = root, append(os.Environ(), "CGO_ENABLED=0")
		if out, err := c.CombinedOutput(); err != nil {
			built.err = fmt.Errorf("go build: %w\n%s", err, out)
		}
	})
	if built.err != nil {
		t.Fatal(built.err)
	}
	return built.path
}

// touchSources opens every file the program is built from, so that `go test` does not take the result of an older program
// out of its cache: it knows what a test has opened, not what a test has built.
func touchSources(root string) error {
	for _, top := range []string{"cmd", "internal"} {
		err := filepath.WalkDir(filepath.Join(root, top), func(name string, d os.DirEntry, err error) error {
			if err != nil {
				return err
			}
			if d.IsDir() && (d.Name() == "testdata" || d.Name() == "node_modules") {
				return filepath.SkipDir
			}
			if d.IsDir() || strings.HasSuffix(name, "_test.go") {
				return nil
			}
			f, err := os.Open(name)
			if err != nil {
				return err
			}
			return f.Close()
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func moduleRoot() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for ; dir != "/"; dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir, nil
		}
	}
	return "", os.ErrNotExist
}

// Tool gives the path of a program from outside, built by `make` into .cache/bin or installed, or skips the test; with
// ZHILU_REQUIRE_TOOLS=1 it fails instead.
func Tool(t testing.TB, name string) string {
	t.Helper()
	if root, err := moduleRoot(); err == nil {
		built := filepath.Join(root, ".cache", "bin", name)
		if _, err := os.Stat(built); err == nil {
			return built
		}
	}
	path, err := exec.LookPath(name)
	if err != nil {
		Missing(t, name+" is not installed")
	}
	return path
}

// Missing skips the test for want of something this machine does not have, or fails it with ZHILU_REQUIRE_TOOLS=1.
func Missing(t testing.TB, why string) {
	t.Helper()
	if os.Getenv("ZHILU_REQUIRE_TOOLS") == "1" {
		t.Fatalf("%s, and ZHILU_REQUIRE_TOOLS=1", why)
	}
	t.Skip(why)
}
