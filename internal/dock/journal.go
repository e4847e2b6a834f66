package dock

import (
	"bufio"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"time"

	"zhilu.dev/zhilu/internal/durable"
)

func uitoa(n uint64) string { return strconv.FormatUint(n, 10) }

// note is one line of the journal: what is known of one file of a card.
type note struct {
	Path    string    `json:"path"`
	Raw     string    `json:"raw,omitempty"` // the path quoted, where Path is not all of it
	Size    int64     `json:"size"`
	ModTime time.Time `json:"mtime"`
	Upload  string    `json:"upload,omitempty"` // address of a begun upload
	Status  Status    `json:"status,omitempty"`
	SHA256  string    `json:"sha256,omitempty"`
	File    string    `json:"file_id,omitempty"`
	Record  string    `json:"recording_id,omitempty"`
	Receipt string    `json:"receipt,omitempty"` // path of the receipt on this machine
}

// noteOf begins the note of a file.
func noteOf(e Entry) note {
	n := note{Path: e.Path, Size: e.Size, ModTime: e.ModTime}
	if e.raw != e.Path {
		n.Raw = strconv.QuoteToASCII(e.raw)
	}
	return n
}

func (n note) key() string {
	return n.Path + "\x00" + n.Raw + "\x00" + strconv.FormatInt(n.Size, 10) + "\x00" + n.ModTime.UTC().Format(time.RFC3339Nano)
}

// journal remembers across restarts which uploads were begun and which files are safe. It is a hint, not proof: a
// lost journal costs time, never evidence, because the server recognises what it has.
type journal struct {
	mu    sync.Mutex
	path  string
	notes map[string]note
}

// openJournal reads the journal at path, passing over a last line that a crash cut short.
func openJournal(path string) (*journal, error) {
	j := &journal{path: path, notes: map[string]note{}}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, err
	}
	f, err := os.Open(path) //nolint:gosec // the agent's own state folder
	if errors.Is(err, fs.ErrNotExist) {
		return j, nil
	}
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	sc := bufio.NewScanner(f)
	sc.Buffer(nil, 1<<20)
	for sc.Scan() {
		var n note
		if json.Unmarshal(sc.Bytes(), &n) == nil && n.Path != "" {
			j.notes[n.key()] = n
		}
	}
	return j, sc.Err()
}

func (j *journal) get(e Entry) (note, bool) {
	j.mu.Lock()
	defer j.mu.Unlock()
	n, ok := j.notes[noteOf(e).key()]
	return n, ok
}

// put keeps n and appends it durably.
func (j *journal) put(n note) error {
	line, err := json.Marshal(n)
	if err != nil {
		return err
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	j.notes[n.key()] = n
	f, err := os.OpenFile(j.path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(append(line, '\n'))
	return errors.Join(err, f.Sync(), f.Close())
}

// keepReceipt writes a receipt where verify can read it and gives its path.
func (j *journal) keepReceipt(fileID string, receipt []byte) (string, error) {
	dir := filepath.Join(filepath.Dir(j.path), "receipts")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", err
	}
	path := filepath.Join(dir, filepath.Base(fileID)+".json")
	return path, durable.WriteFile(durable.OS(), path, receipt, 0o600)
}
