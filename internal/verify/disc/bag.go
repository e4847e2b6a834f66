package disc

import (
	"strings"

	"zhilu.dev/zhilu/internal/verify/parcel"
)

// bag checks the tag files of a bag (RFC 8493) against what the disc's own manifest says.
func (c *check) bag(p *parcel.Parcel) {
	want := map[string]string{}
	for _, f := range c.m.Files {
		want["data/"+f.Name] = f.SHA256
	}
	want["data/"+fileManifest] = c.digest
	payload, ok := p.Read("manifest-sha256.txt", maxManifest)
	if !ok {
		c.wrong("file.missing", "manifest-sha256.txt")
		return
	}
	for line := range strings.Lines(string(payload)) {
		sum, name, ok := strings.Cut(strings.TrimSuffix(line, "\n"), "  ")
		have, known := want[name]
		if name == "data/"+fileEntry { // proved by the log
			continue
		}
		if !ok || !known || have != sum {
			c.wrong("file.changed", "manifest-sha256.txt")
			return
		}
		delete(want, name)
	}
	if len(want) > 0 {
		c.wrong("file.changed", "manifest-sha256.txt")
	}
	tags, ok := p.Read("tagmanifest-sha256.txt", maxRecord)
	listed := map[string]bool{"tagmanifest-sha256.txt": true}
	for line := range strings.Lines(string(tags)) {
		sum, name, cut := strings.Cut(strings.TrimSuffix(line, "\n"), "  ")
		raw, there := p.Read(name, maxManifest)
		listed[name] = true
		if !cut || !there || hexSum(raw) != sum {
			c.wrong("file.changed", name)
		}
	}
	if !ok {
		c.wrong("file.missing", "tagmanifest-sha256.txt")
	}
	for _, name := range p.Names {
		if !strings.HasPrefix(name, "data/") && !listed[name] {
			c.wrong("file.added", name)
		}
	}
}
