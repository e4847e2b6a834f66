package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"zhilu.dev/zhilu/internal/db/dbtest"
	"zhilu.dev/zhilu/internal/vault/s3/buckettest"
)

// TestMain lets the test binary be the program: scripts run `zhilu` as a process of its own, which can be killed.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"zhilu": func() { os.Exit(run(os.Args[1:], os.Environ(), os.Stdout, os.Stderr)) },
	})
}

// TestScripts walks through the house from outside, as scripts and other offices use it. Each script is a world of
// its own: `serve` starts a server on $SERVER over data and keys, `dock` runs the agent; see world_test.go.
func TestScripts(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{
		Dir:                 filepath.Join("testdata", "script"),
		Setup:               setup,
		Cmds:                commandsOfScripts(),
		Condition:           condition,
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
	})
}

// TestOnPostgres is the same for a house whose rows lie in PostgreSQL, at $DATABASE, which each script has for itself.
func TestOnPostgres(t *testing.T) {
	t.Parallel()
	dir := filepath.Join("testdata", "postgres")
	scripts, err := filepath.Glob(filepath.Join(dir, "*.txtar"))
	if err != nil {
		t.Fatal(err)
	}
	databases := make(chan string, len(scripts))
	for range scripts {
		databases <- dbtest.URL(t)
	}
	testscript.Run(t, testscript.Params{
		Dir: dir,
		Setup: func(e *testscript.Env) error {
			e.Setenv("DATABASE", <-databases)
			return setup(e)
		},
		Cmds:                commandsOfScripts(),
		RequireExplicitExec: true,
	})
}

// TestMove is a house that moves to PostgreSQL, at $DATABASE, and to a bucket, at $BUCKET, whose keys are $S3_KEYS. // G2, G15
func TestMove(t *testing.T) {
	t.Parallel()
	database, other := dbtest.URL(t), dbtest.URL(t)
	store := buckettest.Start(t)
	bucket := store.Bucket(t)
	keys, err := json.Marshal(store.Keys)
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir: filepath.Join("testdata", "move"),
		Setup: func(e *testscript.Env) error {
			e.Setenv("DATABASE", database)
			e.Setenv("OTHER", other)
			e.Setenv("BUCKET", buckettest.URL(bucket))
			e.Setenv("S3_KEYS", string(keys))
			return setup(e)
		},
		Cmds:                commandsOfScripts(),
		RequireExplicitExec: true,
	})
}

// condition knows [ffmpeg] (the program is there) and [media] (the real camera files are). Where the environment
// requires them they count as there, so that a script fails instead of passing over it.
func condition(name string) (bool, error) {
	switch name {
	case "ffmpeg":
		_, err := exec.LookPath("ffmpeg")
		return err == nil || os.Getenv("ZHILU_REQUIRE_TOOLS") == "1", nil
	case "media":
		_, err := os.Stat(mediaDir())
		return err == nil || os.Getenv("ZHILU_REQUIRE_MEDIA") == "1", nil
	}
	return false, os.ErrInvalid
}

// mediaDir is where the real camera files lie, beside the checkout.
func mediaDir() string {
	if dir := os.Getenv("ZHILU_MEDIA"); dir != "" {
		return dir
	}
	dir, err := filepath.Abs(filepath.Join("..", "..", "..", "shared", "media"))
	if err != nil {
		return ""
	}
	return dir
}
