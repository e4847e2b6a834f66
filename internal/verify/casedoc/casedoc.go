// Package casedoc is the form of the files in a case package (docs/formats/case-package-v1.md), written from that text. It judges each
// by itself; how they hold together is judged by package verify.
package casedoc

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/verify/form"
)

// PackageFormat names the form of a case that is given away whole (docs/formats/case-package-v1.md).
const PackageFormat = "zhilu-case-package/v1"

// The files of a package that have one name.
const (
	FileManifest   = "manifest.json"
	FileExport     = "export.json"
	FileReadme     = "README.txt"
	FileCase       = "case.json"
	FileIndex      = "index.json"
	FilePrinted    = "index.pdf"
	FileRecordings = "recordings/recordings.json"
	FileEntries    = "log/entries.jsonl"
	FileCheckpoint = "log/checkpoint"
	FileTrust      = "log/trust.json"
)

// Looks reports whether a folder is meant to be a case package: a log has a checkpoint at its top instead.
func Looks(dir string) bool {
	_, noHead := os.Lstat(filepath.Join(dir, "checkpoint"))
	if noHead == nil {
		return false
	}
	for _, name := range []string{FileManifest, FileExport, filepath.FromSlash(FileEntries)} {
		if _, err := os.Lstat(filepath.Join(dir, name)); err == nil {
			return true
		}
	}
	return false
}

// Manifest is manifest.json, its members in the order in which they are written.
type Manifest struct {
	Format string `json:"format"`
	ID     string `json:"id"`
	Origin string `json:"origin"`
	Bureau string `json:"bureau"`
	Case   struct {
		ID        string `json:"id"`
		No        string `json:"no"`
		Title     string `json:"title"`
		Act       string `json:"act"`
		Procedure string `json:"procedure"`
		State     string `json:"state"`
		OpenedAt  string `json:"opened_at"`
	} `json:"case"`
	MadeAt string `json:"made_at"`
	MadeBy struct {
		Account string `json:"account"`
		Person  string `json:"person"`
		Name    string `json:"name"`
	} `json:"made_by"`
	Request struct {
		ID string `json:"id"`
		No int64  `json:"no"`
	} `json:"request"`
	Files []File `json:"files"`
}

// File is one line of the manifest.
type File struct {
	Name   string `json:"name"`
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"`
}

// Sound reports whether the manifest's values are possible.
func (m *Manifest) Sound() bool {
	if m.Format != PackageFormat || m.Origin == "" || m.Files == nil || m.Request.No < 1 {
		return false
	}
	for _, id := range []string{m.ID, m.Case.ID, m.Request.ID, m.MadeBy.Account} {
		if _, err := ident.Parse[ident.EntryID](id); err != nil {
			return false
		}
	}
	for _, at := range []string{m.MadeAt, m.Case.OpenedAt} {
		if _, ok := form.Time(at); !ok {
			return false
		}
	}
	return listSound(m.Files)
}

// Case is case.json.
type Case struct {
	Format  string `json:"format"`
	Parties []struct {
		Role     string `json:"role"`
		Kind     string `json:"kind"`
		Name     string `json:"name"`
		IDNumber string `json:"id_number"`
		LegalRep string `json:"legal_rep"`
		Address  string `json:"address"`
		Phone    string `json:"phone"`
		From     string `json:"from"`
		Until    string `json:"until"`
		Entry    string `json:"entry"`
	} `json:"parties"`
	Handlers []struct {
		Person      string `json:"person"`
		Name        string `json:"name"`
		Certificate string `json:"certificate"`
		Lead        bool   `json:"lead"`
		From        string `json:"from"`
		Until       string `json:"until"`
		Reason      string `json:"reason"`
		Entry       string `json:"entry"`
	} `json:"handlers"`
	Waivers []struct {
		Item   string `json:"item"`
		Reason string `json:"reason"`
		By     string `json:"by"`
		At     string `json:"at"`
		Entry  string `json:"entry"`
	} `json:"waivers"`
	Events []struct {
		Event string `json:"event"`
		On    string `json:"on"`
		Basis string `json:"basis"`
		By    string `json:"by"`
		At    string `json:"at"`
		Entry string `json:"entry"`
	} `json:"events"`
}

// Sound reports whether the file has its form.
func (c *Case) Sound() bool {
	return c.Format == "zhilu-case-file/v1" && c.Parties != nil && c.Handlers != nil && c.Waivers != nil && c.Events != nil
}

// Entries lists the entries that it names.
func (c *Case) Entries() []string {
	var out []string
	for _, x := range c.Parties {
		out = append(out, x.Entry)
	}
	for _, x := range c.Handlers {
		out = append(out, x.Entry)
	}
	for _, x := range c.Waivers {
		out = append(out, x.Entry)
	}
	for _, x := range c.Events {
		out = append(out, x.Entry)
	}
	return out
}

// Document is a written record of a case, its members in the order in which they are written.
type Document struct {
	Format     string     `json:"format"`
	N          int        `json:"n"`
	Paper      string     `json:"paper"`
	Type       string     `json:"type"`
	Title      string     `json:"title"`
	No         string     `json:"no"`
	State      string     `json:"state"`
	Version    int        `json:"version"`
	FixedAt    string     `json:"fixed_at"`
	FixedBy    string     `json:"fixed_by"`
	Content    string     `json:"content"`
	Digest     string     `json:"digest"`
	Entry      string     `json:"entry"`
	PDF        string     `json:"pdf"`
	Pages      int        `json:"pages"`
	Signatures []Signed   `json:"signatures"`
	Approvals  []Approved `json:"approvals"`
	Deliveries []Served   `json:"deliveries"`
}

// Signed is a signature, or the note that it was refused.
type Signed struct {
	Role        string `json:"role"`
	Mode        string `json:"mode"`
	Name        string `json:"name"`
	Person      string `json:"person"`
	Reason      string `json:"reason"`
	Witness     string `json:"witness"`
	At          string `json:"at"`
	Entry       string `json:"entry"`
	ImageSHA256 string `json:"image_sha256"`
	Image       string `json:"image"`
}

// Approved is an opinion or a decision on the way.
type Approved struct {
	Step       string `json:"step"`
	Decision   string `json:"decision"`
	Opinion    string `json:"opinion"`
	By         string `json:"by"`
	OnBehalfOf string `json:"on_behalf_of"`
	At         string `json:"at"`
	Entry      string `json:"entry"`
}

// Served is one delivery.
type Served struct {
	Mode      string `json:"mode"`
	At        string `json:"at"`
	Recipient string `json:"recipient"`
	Outcome   string `json:"outcome"`
	Deemed    string `json:"deemed"`
	Entry     string `json:"entry"`
}

var documentName = regexp.MustCompile(`^documents/([0-9]{3,6})-([a-z0-9][a-z0-9-]*)\.json$`)

// Sound reports whether a document's values are possible and agree with its name.
func (d *Document) Sound(name string) bool {
	m := documentName.FindStringSubmatch(name)
	if m == nil || d.Format != "zhilu-case-document/v1" || d.Type != m[2] || d.Version < 1 || !strings.HasPrefix(d.Content, d.Type+"\n") || d.Pages < 0 || d.Paper == "" || d.Entry == "" ||
		d.Signatures == nil || d.Approvals == nil || d.Deliveries == nil {
		return false
	}
	if n, err := strconv.Atoi(m[1]); err != nil || n != d.N || n < 1 {
		return false
	}
	if _, ok := form.Time(d.FixedAt); !ok {
		return false
	}
	return d.PDF == "" && d.Pages == 0 || d.PDF == strings.TrimSuffix(name, ".json")+".pdf" && d.Pages > 0
}

// ImageSound reports whether a drawn signature or scan is the one whose digest stands beside it.
func (s *Signed) ImageSound() bool {
	if s.Image == "" {
		return s.ImageSHA256 == ""
	}
	raw, err := base64.StdEncoding.Strict().DecodeString(s.Image)
	sum := sha256.Sum256(raw)
	return err == nil && hex.EncodeToString(sum[:]) == s.ImageSHA256
}

// Index is index.json (卷内文件目录).
type Index struct {
	Format string `json:"format"`
	Pages  int    `json:"pages"`
	Rows   []struct {
		N      int    `json:"n"`
		No     string `json:"no"`
		Title  string `json:"title"`
		Date   string `json:"date"`
		Author string `json:"author"`
		From   int    `json:"from"`
		To     int    `json:"to"`
		Note   string `json:"note"`
	} `json:"rows"`
}

// Recordings is recordings/recordings.json.
type Recordings struct {
	Format string `json:"format"`
	Files  []struct {
		Recording string `json:"recording"`
		File      string `json:"file"`
		Name      string `json:"name"`
		Size      int64  `json:"size"`
		SHA256    string `json:"sha256"`
		State     string `json:"state"`
		Receipt   string `json:"receipt"`
	} `json:"files"`
}

// Line is one line of log/entries.jsonl.
type Line struct {
	Index  int64     `json:"index"`
	Leaf   string    `json:"leaf"`
	Detail string    `json:"detail"`
	Opened []Opening `json:"opened"`
	Hashes []string  `json:"hashes"`
}

// Opening opens one field of an entry.
type Opening struct {
	Name  string `json:"name"`
	Salt  string `json:"salt"`
	Value string `json:"value"`
}
