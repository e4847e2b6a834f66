package housetest

import (
	"maps"
	"sync"
)

// Upload is what was acknowledged of one file.
type Upload struct {
	File    *File
	Address string // empty where the agent brought it
	Token   string // whose it is; empty for the house's first dock
	Offset  int64  // the highest that was acknowledged
	Outcome string // "sealed" or "duplicate" once that was said
	Content string // SHA-256 of the file, once it ended
	FileID  string
	Record  string
	Receipt string // its id
	Paper   string // the receipt as a file of the agent's, if it brought the upload
}

// Acks is everything a house acknowledged to those who handed files in. A nil *Acks keeps nothing.
type Acks struct {
	mu    sync.Mutex
	list  map[string]Upload // by address, or by agent and file
	files map[*File]string
}

// NewAcks begins with nothing.
func NewAcks() *Acks { return &Acks{list: map[string]Upload{}, files: map[*File]string{}} }

func (k *Acks) created(f *File, token string, a Answer) {
	if k == nil {
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.list[a.Address] = Upload{File: f, Address: a.Address, Token: token}
	k.files[f] = a.Address
}

func (k *Acks) patched(f *File, address, token string, a Answer) {
	if k == nil {
		return
	}
	content := ""
	if a.Outcome != "" {
		content = f.SHA256()
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	u := k.list[address]
	u.File, u.Address, u.Token, u.Offset = f, address, token, max(u.Offset, a.Offset)
	if a.Outcome != "" {
		u.Outcome, u.Content, u.FileID, u.Record, u.Receipt = a.Outcome, content, a.File, a.Record, a.Receipt
	}
	k.list[address] = u
	k.files[f] = address
}

func (k *Acks) of(f *File) (Upload, bool) {
	if k == nil {
		return Upload{}, false
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	u, ok := k.list[k.files[f]]
	return u, ok
}

// Docked takes in what an agent with this token printed; an empty one is the house's first dock. agent tells one agent from
// another.
func (k *Acks) Docked(agent, token string, lines []Docked) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, d := range lines {
		if d.Status != "sealed" && d.Status != "duplicate" {
			continue
		}
		k.list[agent+"\x00"+d.Name] = Upload{
			Token: token, Offset: d.Size, Outcome: d.Status, Content: d.SHA256, FileID: d.File, Record: d.Recording, Paper: d.Receipt,
		}
	}
}

// List is everything acknowledged up to now.
func (k *Acks) List() []Upload {
	k.mu.Lock()
	defer k.mu.Unlock()
	out := make([]Upload, 0, len(k.list))
	for u := range maps.Values(k.list) {
		out = append(out, u)
	}
	return out
}

// Ended is how many files were acknowledged whole.
func (k *Acks) Ended() int {
	n := 0
	for _, u := range k.List() {
		if u.Outcome != "" {
			n++
		}
	}
	return n
}
