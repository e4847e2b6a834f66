package backup

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"zhilu.dev/zhilu/internal/durable"
	"zhilu.dev/zhilu/internal/vault"
)

// Names say which stored object is which plain one, a line each: "<plain> <stored> <stored bytes>". Without them a backup
// does not tell whether it holds a file that somebody has. A copy stays in the house, so that the next run need not read
// every object to know what it is called in the backup; if it is lost, the run reads them.

func writeNames(out io.Writer, pairs []pair) error {
	b := bufio.NewWriter(out)
	for _, p := range pairs {
		if _, err := fmt.Fprintf(b, "%s %s %d\n", p.plain, p.digest, p.size); err != nil {
			return err
		}
	}
	return b.Flush()
}

// parseName reads one line.
func parseName(line string) (pair, error) {
	l := lines{}
	plain, rest, _ := strings.Cut(line, " ")
	digest, size, _ := strings.Cut(rest, " ")
	p := pair{stored: stored{size: l.parse(size)}}
	var err error
	if p.plain, err = vault.ParseDigest(plain); err != nil {
		return p, err
	}
	p.digest, err = vault.ParseDigest(digest)
	if l.bad {
		err = fmt.Errorf("backup: %q is no length", size)
	}
	return p, err
}

func (w *writer) namesCache() string { return w.s.Work + ".names" }

// readNames reads what was remembered; anything wrong with it only costs time.
func readNames(path string) map[vault.Digest]stored {
	known := map[vault.Digest]stored{}
	f, err := os.Open(path) //nolint:gosec // our own
	if err != nil {
		return known
	}
	defer func() { _ = f.Close() }() // it was only read
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		if p, err := parseName(lines.Text()); err == nil {
			known[p.plain] = p.stored
		}
	}
	return known
}

func keepNames(path string, pairs []pair) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	var b strings.Builder
	if err := writeNames(&b, pairs); err != nil {
		return err
	}
	return durable.WriteFile(durable.OS(), path, []byte(b.String()), 0o600)
}
