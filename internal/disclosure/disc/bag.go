package disc

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

func digestOf(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// bag makes a BagIt bag of the staged files (RFC 8493): they are its payload.
func (m *making) bag() (string, error) {
	dir := filepath.Join(m.st.dir, "bag")
	if err := os.Mkdir(dir, 0o700); err != nil {
		return "", m.st.cannot(err)
	}
	if err := os.Rename(m.st.tree(), filepath.Join(dir, "data")); err != nil {
		return "", m.st.cannot(err)
	}
	var list strings.Builder
	var sum int64
	for _, f := range m.st.sorted() {
		list.WriteString(f.SHA256 + "  data/" + f.Name + "\n")
		sum += f.Size
	}
	info := fmt.Sprintf("Source-Organization: %s\nExternal-Identifier: %s\nExternal-Description: %s\nBagging-Date: %s\nPayload-Oxum: %d.%d\nBag-Software-Agent: zhilu\n",
		oneLine(m.s.c.Bureau), m.d.Number, oneLine(m.d.CaseNo), m.d.BegunAt.In(local).Format("2006-01-02"), sum, len(m.st.files))
	tags := []struct{ name, text string }{
		{"bagit.txt", "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"},
		{"bag-info.txt", info},
		{"manifest-sha256.txt", list.String()},
	}
	var tagList strings.Builder
	for _, t := range tags {
		tagList.WriteString(digestOf([]byte(t.text)) + "  " + t.name + "\n")
		if err := os.WriteFile(filepath.Join(dir, t.name), []byte(t.text), 0o600); err != nil {
			return "", m.st.cannot(err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "tagmanifest-sha256.txt"), []byte(tagList.String()), 0o600); err != nil {
		return "", m.st.cannot(err)
	}
	return dir, nil
}

// oneLine keeps a value on its line.
func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }
