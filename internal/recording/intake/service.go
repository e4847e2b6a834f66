// Package intake takes files in: a card's list, an intent before the first byte, the seal, and what a crash leaves.
// Bytes go before rows; an object without a row is adopted from its sidecar, never collected as garbage (decision 15).
package intake

import (
	"context"
	"errors"
	"hash/maphash"
	"log/slog"
	"slices"
	"sync"

	"github.com/riverqueue/river"
	"github.com/uptrace/bun"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/db"
	"zhilu.dev/zhilu/internal/device"
	"zhilu.dev/zhilu/internal/gate"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/job"
	"zhilu.dev/zhilu/internal/vault"
)

// Devices gives a camera of the inventory by its id; *device.Inventory is one.
type Devices interface {
	Get(ctx context.Context, actor access.Actor, id ident.DeviceID) (device.Item, error)
}

// Config is what a Service needs.
type Config struct {
	DB      *db.DB
	Gate    *gate.Gate
	Vault   vault.Vault
	Devices Devices
	Clock   clock.Clock
	Log     *slog.Logger
	Node    string // this server's name, as the vault knows it

	HandedIn HandedIn // nil: nothing is handed in
}

// HandedIn tells, inside the change that enters a file, whether its sender sends it as handed in by somebody else (当事人提交), and
// the department that receives it. What the sender said of the file is hostile text.
type HandedIn func(ctx context.Context, idb bun.IDB, owner, metadata string) (ident.DepartmentID, bool, error)

// Service takes files in. It is safe for concurrent use.
type Service struct {
	c     Config
	seed  maphash.Seed
	locks [64]sync.Mutex // by upload: ending one is one deed
}

// New makes a Service.
func New(c Config) (*Service, error) {
	if c.DB == nil || c.Gate == nil || c.Vault == nil || c.Devices == nil || c.Clock == nil || c.Log == nil || c.Node == "" {
		return nil, errors.New("intake: Config needs DB, Gate, Vault, Devices, Clock, Log and Node")
	}
	return &Service{c: c, seed: maphash.MakeSeed()}, nil
}

// lock holds off whoever else works at the end of this upload.
func (s *Service) lock(id ident.UploadID) (unlock func()) {
	m := &s.locks[maphash.String(s.seed, string(id))%uint64(len(s.locks))]
	m.Lock()
	return m.Unlock
}

// FollowUpArgs tells the job that looks into a freshly stored file.
type FollowUpArgs struct {
	File ident.FileID `json:"file"`
}

// Kind names the job.
func (FollowUpArgs) Kind() string { return "recording.follow_up" }

// InsertOpts puts it into the queue that has one worker.
func (FollowUpArgs) InsertOpts() river.InsertOpts { return river.InsertOpts{Queue: job.QueueMedia} }

// Matched is a camera that was recognised, with its place in the inventory.
type Matched struct {
	device.Matched
	Item device.Device
}

// Hints gathers what a card and a file say of their camera. A name that is no id may be the camera's code or serial.
func Hints(named, label string, codes map[string]bool, serial string) device.Hints {
	h := device.Hints{CardLabel: label}
	if id, err := ident.Parse[ident.DeviceID](named); err == nil {
		h.Explicit = id
	} else if named != "" {
		h.NameCodes = append(h.NameCodes, named)
		h.Serials = append(h.Serials, named)
	}
	for c := range codes {
		h.NameCodes = append(h.NameCodes, c)
	}
	slices.Sort(h.NameCodes)
	if serial != "" {
		h.Serials = append(h.Serials, serial)
	}
	return h
}

// Match finds the camera that the hints point to.
func (s *Service) Match(ctx context.Context, h device.Hints) (Matched, error) {
	m, err := device.Match(ctx, s.c.DB.Reader, h)
	if err != nil || m.Device == "" {
		return Matched{Matched: m}, err
	}
	item, err := s.Device(ctx, m.Device)
	return Matched{m, item}, err
}

// Device reads the inventory as the house itself.
func (s *Service) Device(ctx context.Context, id ident.DeviceID) (device.Device, error) {
	item, err := s.c.Devices.Get(ctx, access.HostActor("intake"), id)
	return item.Device, err
}
