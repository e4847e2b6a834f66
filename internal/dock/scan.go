// Package dock is the agent that empties a camera: it reads every regular file of a card, sends it, proves with the
// server's receipt that it arrived, and keeps a journal, so that an unplugged card, a killed agent or a restarted
// server costs at most one chunk. It never removes anything except by a signed order (decision 14).
package dock

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// Entry is a file as the card lists it.
type Entry struct {
	Path    string    // within the card, with "/" between parts; bytes that are not UTF-8 as ‹0xHH›
	Size    int64     // bytes
	ModTime time.Time // as the card's file system tells it
	Left    string    // "" if it is to be sent, else why it stays: a code of Left*

	local string // where it is on this machine
	raw   string // Path before it was made valid: names that only differ in bad bytes are different files
}

// Why a file is left on the card (status "left").
const (
	LeftSystem     = "system_file" // an operating system's own file, listed in systemNames
	LeftNotRegular = "not_regular" // a link, a device, a pipe: following it would leave the card
)

// systemNames are the files and folders operating systems put on every card and which hold nothing a camera made. They
// are reported as left, never sent; this is the whole list (decision 17). Recycle bins and what a disk check found
// (FOUND.000, LOST.DIR) are not in it: footage that somebody deleted may lie there (T2).
var systemNames = []string{
	"system volume information", ".fseventsd", ".spotlight-v100", ".documentrevisions-v100", ".temporaryitems",
	".ds_store", "thumbs.db", "desktop.ini", "autorun.inf", "indexervolumeguid", "wpsettings.dat",
}

// SystemNames is the published list of names a dock leaves on the card.
func SystemNames() []string { return slices.Clone(systemNames) }

func isSystem(name string) bool {
	name = strings.ToLower(name)
	return slices.Contains(systemNames, name) || strings.HasPrefix(name, "._")
}

// Scan lists every file under dir, in order of path. What cannot be read is listed all the same, and fails later with
// its reason; nothing on a card is passed over in silence.
func Scan(dir string) ([]Entry, error) {
	if _, err := os.ReadDir(dir); err != nil {
		return nil, err
	}
	var out []Entry
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		rel, relErr := filepath.Rel(dir, path)
		if relErr != nil || rel == "." {
			return relErr
		}
		e := Entry{Path: clean(filepath.ToSlash(rel)), local: path, raw: filepath.ToSlash(rel)}
		if inSystemFolder(rel) {
			e.Left = LeftSystem
		}
		if err != nil { // a folder that cannot be opened, a file that vanished
			out = append(out, e)
			return nil
		}
		if d.IsDir() {
			return nil
		}
		if info, err := d.Info(); err == nil {
			e.Size, e.ModTime = info.Size(), info.ModTime().UTC()
		}
		if e.Left == "" && !d.Type().IsRegular() {
			e.Left = LeftNotRegular
		}
		out = append(out, e)
		return nil
	})
	slices.SortFunc(out, func(a, b Entry) int { return strings.Compare(a.Path, b.Path) })
	return out, err
}

func inSystemFolder(rel string) bool {
	return slices.ContainsFunc(strings.Split(filepath.ToSlash(rel), "/"), isSystem)
}

// clean makes a card's path fit to be sent and kept: valid UTF-8. A byte that is none is written out as ‹0xHH›, so that names
// which differ only in such bytes stay different; whatever else a name holds is kept as it is and made visible where it
// is shown.
func clean(p string) string {
	if utf8.ValidString(p) {
		return p
	}
	var b strings.Builder
	for len(p) > 0 {
		r, n := utf8.DecodeRuneInString(p)
		if r == utf8.RuneError && n == 1 {
			fmt.Fprintf(&b, "‹0x%02X›", p[0])
		} else {
			b.WriteString(p[:n])
		}
		p = p[n:]
	}
	return b.String()
}

// Label gives the card's name: the volume's where the system tells it, else the folder's.
func Label(dir string) string {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return ""
	}
	if l := volumeLabel(abs); l != "" {
		return clean(l)
	}
	return clean(filepath.Base(abs))
}
