// Package disclosure carries out 第二十条第一款: nothing is given to an outside body or published but on an approved request that
// names who receives it, what, and for what; and what leaves says what it is.
//
// A package is never put together on a disk. Its small files (papers, receipts, the statement of what it is) are made by a job
// and kept beside the row; its large ones stay in the vault. When the one who asked takes it away, everything is streamed into
// one zip, encrypted for the recipient, and sent: nothing is left behind when it breaks off, and no passphrase is ever kept.
package disclosure

import (
	"fmt"
	"time"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/custody"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/viewing"
)

// State says how a giving out stands.
type State string

// The states.
const (
	Making  State = "making"  // 制作中
	Ready   State = "ready"   // 可以取走
	Given   State = "given"   // 已交出
	Stopped State = "stopped" // 已停止: what it rested on is gone
	Failed  State = "failed"  // 未能制作
)

// States lists them.
func States() []State { return []State{Making, Ready, Given, Stopped, Failed} }

// Item is one recording that is given out: the original, or one masked copy of it.
type Item struct {
	Recording ident.RecordingID `json:"recording"`
	Copy      string            `json:"copy,omitempty"` // id of the masked copy; empty: the original
}

// Original reports whether the recording itself is given out.
func (i Item) Original() bool { return i.Copy == "" }

// Disclosure is one row of the register of giving out (对外提供登记簿).
type Disclosure struct {
	ID         ident.DisclosureID
	Year       int
	No         int64
	State      State
	Why        string // code: why it was stopped or failed
	Request    ident.ViewingID
	RequestNo  int64
	Manner     viewing.Manner
	To         viewing.Recipient
	Purpose    viewing.Purpose
	Words      string
	Case       ident.CaseID
	Department ident.DepartmentID
	Items      []Item
	Papers     []ident.PaperID
	// Recipient is the public key it is encrypted for; empty where a passphrase is.
	Recipient string
	AskedAt   time.Time
	By        ident.PersonID
	ByAccount string
	ByName    string
	PackedAt  time.Time
	Entry     ident.EntryID // that it was packed, with the digest of its manifest
	Manifest  string        // that digest
	Files     int
	Size      int64 // of its files, before it is encrypted
	Attempt   int64 // of sending it: a later one ends an earlier
	GivenAt   time.Time
	SHA256    string // of the encrypted file that left
	GivenSize int64
	Due       time.Time // of the receipt
	Receipt   Receipt
}

// Receipt is the recipient's receipt (回执).
type Receipt struct {
	On     string // day, 2006-01-02
	By     string // who signed it
	Words  string
	SHA256 string // of its scan
	At     time.Time
	Name   string // who entered it
}

// Number is how the package is called: 〔2026〕3号.
func (d *Disclosure) Number() string { return fmt.Sprintf("〔%d〕%d号", d.Year, d.No) }

// FileName is what the encrypted file is called, in letters that every system takes.
func (d *Disclosure) FileName() string { return fmt.Sprintf("zhilu-%d-%d.zip.age", d.Year, d.No) }

func (d *Disclosure) about() custody.Subject {
	return custody.Subject{Kind: "disclosure", ID: string(d.ID)}
}

// subject is the row as policies see it.
func (d *Disclosure) subject(ground string) access.Subject {
	return access.Subject{Kind: "disclosure", ID: string(d.ID), Department: d.Department, Officer: d.By, Owner: d.ByAccount, Ground: ground}
}

// related are what entries about it are also about: they stand in the story of the request, of the case and of each recording.
func (d *Disclosure) related() []custody.Subject {
	out := []custody.Subject{{Kind: "viewing", ID: string(d.Request)}}
	if d.Case != "" {
		out = append(out, custody.Subject{Kind: "case", ID: string(d.Case)})
	}
	for _, i := range d.Items {
		out = append(out, custody.Subject{Kind: "recording", ID: string(i.Recording)})
	}
	return out
}

// receiptWithin is how soon a receipt should be there. The regulation sets no term; after it the duty shows as overdue.
const receiptWithin = 15 * 24 * time.Hour
