package custody

import (
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strconv"
	"sync"
	"time"

	"github.com/uptrace/bun"
	"golang.org/x/mod/sumdb/tlog"

	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/custody/keyring"
	"zhilu.dev/zhilu/internal/db"
	"zhilu.dev/zhilu/internal/durable"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/trace"
)

// Config is what a Sequencer needs.
type Config struct {
	DB     *db.DB
	Keys   *keyring.Keyring
	Clock  clock.Clock
	Log    *slog.Logger
	Bureau string // the bureau's name, for trust.json
	Holder string // who signs, for operators: host name and process id

	// TrustFile is where trust.json is kept for the public (DATA/public/trust.json); empty for nowhere. Its folder
	// must exist.
	TrustFile string
	// Outside refuses to let a head of this epoch and size be signed that somebody outside is known to contradict; nil for
	// nobody.
	Outside Outside
	// Batch bounds the entries of one transaction; 4,096 if zero.
	Batch int
	// Every is how often Run looks without being woken; 2 s if zero.
	Every time.Duration
}

// Sequencer gives committed entries their place in the tree and signs checkpoints. There is one at a time: a lock in
// the keys folder, an advisory lock on PostgreSQL and a counter in the database hold that.
type Sequencer struct {
	db        *db.DB
	keys      *keyring.Keyring
	clock     clock.Clock
	log       *slog.Logger
	bureau    string
	trustFile string
	batchSize int
	every     time.Duration
	outside   Outside
	counter   int64

	wake    chan struct{}
	release []func() error

	mu  sync.Mutex // one batch, rotation or epoch at a time
	bad error      // why the last batch was refused, nil when all is well
}

// NewSequencer takes the locks and, for a new log, enters its keys. A second sequencer on the same keys folder or
// PostgreSQL database is fault Conflict "log.locked" (T11). A log that must not be signed now (see Sequence) does not
// stop it from opening: a person has to be able to declare a new epoch. Close it.
func NewSequencer(ctx context.Context, c Config) (*Sequencer, error) {
	if c.DB == nil || c.Keys == nil || c.Clock == nil || c.Log == nil {
		return nil, errors.New("custody: sequencer config is incomplete")
	}
	s := &Sequencer{
		db: c.DB, keys: c.Keys, clock: c.Clock, log: c.Log, bureau: c.Bureau, trustFile: c.TrustFile,
		batchSize: c.Batch, every: c.Every, outside: c.Outside, wake: make(chan struct{}, 1),
	}
	if s.batchSize <= 0 {
		s.batchSize = 4096
	}
	if s.every <= 0 {
		s.every = 2 * time.Second
	}
	if err := s.open(ctx, c.Holder); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

func (s *Sequencer) open(ctx context.Context, holder string) error {
	lock, err := s.keys.Lock()
	if errors.Is(err, durable.ErrLocked) {
		return fault.Wrap(err, fault.Conflict, "log.locked")
	}
	if err != nil {
		return fmt.Errorf("custody: lock: %w", err)
	}
	s.release = append(s.release, lock.Close)
	if s.db.Engine == db.Postgres {
		unlock, err := lockSigner(ctx, s.db.Writer)
		if err != nil {
			return err
		}
		s.release = append(s.release, unlock)
	}
	err = s.db.Write(ctx, func(tx bun.Tx) error {
		s.counter, err = takeSigner(ctx, tx, holder)
		if err != nil {
			return err
		}
		return s.enterFirstKeys(ctx, tx)
	})
	if err != nil {
		return err
	}
	if err := s.finishRotation(ctx); err != nil {
		return err
	}
	return s.writeTrust(ctx)
}

// Close gives the locks back. It does not sequence what is pending.
func (s *Sequencer) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var errs []error
	for i := len(s.release) - 1; i >= 0; i-- {
		errs = append(errs, s.release[i]())
	}
	s.release = nil
	return errors.Join(errs...)
}

var _ io.Closer = (*Sequencer)(nil)

// Wake tells a running sequencer that entries were committed. It never blocks.
func (s *Sequencer) Wake() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// Run sequences until ctx ends, or until another process became the signer ("log.fenced"), whenever woken and at every
// interval. A refusal to sign is logged and reported by
// Refusal; entries then wait, deeds go on.
func (s *Sequencer) Run(ctx context.Context) error {
	tick := time.NewTicker(s.every)
	defer tick.Stop()
	for {
		before := s.Refusal()
		_, err := s.Sequence(ctx)
		if ctx.Err() != nil {
			return nil // asked to stop: that is not a failure
		}
		if fault.HasCode(err, "log.fenced") {
			return err // another process is the signer now, and this one must not pretend
		}
		if err != nil && (before == nil || before.Error() != err.Error()) {
			s.log.ErrorContext(ctx, "the custody log is not being signed", "error", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-s.wake:
		case <-tick.C:
		}
	}
}

// Refusal says why the last attempt to sign was refused or failed, nil when all is well. For health pages.
func (s *Sequencer) Refusal() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.bad
}

// Sequence places every committed entry that may be placed and publishes a checkpoint over them; it gives their
// number. When it returns nil, the checkpoint is durable in the database and in the keys folder. On PostgreSQL entries
// that committed while an older transaction is still running wait for it.
//
// It refuses to sign, with fault Conflict: "log.behind" when a higher checkpoint than the database knows was published
// (an older backup was restored; see NewEpoch), "log.forked" when the database holds another history than the
// published one, "log.broken" when tree and checkpoint in the database disagree, "log.head_missing" when the keys
// folder lost the published checkpoint, "log.key_unknown" when the key is not the log's current one, what Config.Outside refuses with, "log.fenced" when
// another process became the signer.
func (s *Sequencer) Sequence(ctx context.Context) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n, err := s.sequence(ctx)
	s.bad = err
	return n, err
}

func (s *Sequencer) sequence(ctx context.Context) (int, error) {
	idle, err := s.idle(ctx)
	if err != nil || idle {
		return 0, err
	}
	total := 0
	for {
		n, err := s.batch(ctx)
		total += n
		if err != nil || n < s.batchSize {
			return total, err
		}
	}
}

// idle looks, without writing, whether there is nothing to do.
func (s *Sequencer) idle(ctx context.Context) (bool, error) {
	waiting, err := anyPending(ctx, s.db.Reader)
	if err != nil || waiting {
		return false, err
	}
	published, err := s.keys.Published()
	if err != nil {
		return false, err
	}
	last, err := Latest(ctx, s.db.Reader)
	if fault.Is(err, fault.NotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	if err := s.contradicted(ctx, s.db.Reader, last.Epoch, last.Size); err != nil {
		return false, err
	}
	return last.Size == published.Size && last.Root == published.Root && last.Epoch == published.Epoch, nil
}

// batch places one batch: in one transaction places, tiles and the signed checkpoint, then the published head. A crash
// between the two leaves the head behind the database, which the next batch repairs; the other order would leave it
// ahead, which is what a restored backup looks like.
func (s *Sequencer) batch(ctx context.Context) (int, error) {
	var placed int
	var out *Checkpoint
	ctx, span := trace.Start(ctx, "log.place")
	err := s.db.Write(ctx, func(tx bun.Tx) error {
		if err := fence(ctx, tx, s.counter); err != nil {
			return err
		}
		st, err := s.guard(ctx, tx)
		if err != nil {
			return err
		}
		rows, err := nextPending(ctx, tx, s.batchSize)
		if err != nil {
			return err
		}
		placed, out = len(rows), st.last
		if len(rows) == 0 && st.last != nil {
			return nil
		}
		out, err = s.extend(ctx, tx, st, rows)
		return err
	})
	if err == nil {
		err = s.publish(out)
	}
	span.Set(trace.Int("entries", int64(placed)))
	span.End(err)
	if err != nil {
		return 0, err
	}
	return placed, nil
}

// extend adds rows to the tree and signs.
func (s *Sequencer) extend(ctx context.Context, tx bun.Tx, st *state, rows []committedRow) (*Checkpoint, error) {
	leaves := make([]tlog.Hash, len(rows))
	for i, r := range rows {
		if len(r.Commitments) != fieldCount*digestSize {
			return nil, fault.New(fault.Conflict, "log.broken")
		}
		leaves[i] = tlog.RecordHash(leafText(r.Commitments))
	}
	from := st.edge.size
	if err := st.edge.append(leaves); err != nil {
		return nil, err
	}
	root, err := st.edge.root()
	if err != nil {
		return nil, err
	}
	if len(rows) > 0 {
		if err := place(ctx, tx, from, rows); err != nil {
			return nil, err
		}
		if err := saveTiles(ctx, tx, st.edge); err != nil {
			return nil, err
		}
	}
	text := checkpointText(s.keys.Origin(), st.edge.size, root)
	signed, err := s.keys.SignNote(text)
	if err != nil {
		return nil, err
	}
	c := &Checkpoint{Size: st.edge.size, Root: base64.StdEncoding.EncodeToString(root[:]), Note: signed, Epoch: st.epoch, At: s.clock.Now()}
	return c, insertRow(ctx, tx, &checkpointRow{Size: c.Size, Root: c.Root, Note: c.Note, Epoch: c.Epoch, At: clock.Micros(c.At)})
}

// checkpointText is the body of a C2SP checkpoint.
func checkpointText(origin string, size int64, root tlog.Hash) string {
	return origin + "\n" + strconv.FormatInt(size, 10) + "\n" + base64.StdEncoding.EncodeToString(root[:]) + "\n"
}

func (s *Sequencer) publish(c *Checkpoint) error {
	published, err := s.keys.Published()
	if err != nil {
		return err
	}
	if published.Epoch == c.Epoch && published.Size >= c.Size && published.Note != "" {
		return nil
	}
	return s.keys.Publish(keyring.Head{Epoch: c.Epoch, Size: c.Size, Root: c.Root, Note: c.Note})
}

// state is the tree as the database and the keys folder agree on it.
type state struct {
	last  *Checkpoint // nil before the first
	epoch int64
	edge  *edge
}

// contradicted refuses a head that somebody outside is known to contradict (see Config.Outside).
func (s *Sequencer) contradicted(ctx context.Context, idb bun.IDB, epoch, size int64) error {
	if s.outside == nil {
		return nil
	}
	return s.outside(ctx, idb, epoch, size)
}

// guard gives the state to extend, or refuses (see Sequence).
func (s *Sequencer) guard(ctx context.Context, tx bun.IDB) (*state, error) {
	st, err := s.readState(ctx, tx)
	if err != nil {
		return nil, err
	}
	published, err := s.keys.Published()
	if err != nil {
		return nil, err
	}
	if st.epoch != published.Epoch || st.edge.size < published.Size {
		return nil, fault.New(fault.Conflict, "log.behind", published.Size, st.edge.size)
	}
	root, err := tlog.TreeHash(published.Size, st.edge.tiles)
	if err != nil || base64.StdEncoding.EncodeToString(root[:]) != published.Root {
		return nil, fault.Wrap(err, fault.Conflict, "log.forked", published.Size)
	}
	if err := s.contradicted(ctx, tx, st.epoch, st.edge.size); err != nil {
		return nil, err
	}
	rows, err := keyRows(ctx, tx)
	if err != nil {
		return nil, err
	}
	if !isCurrent(rows, keyring.Log, s.keys.Public(keyring.Log)) || !isCurrent(rows, keyring.Receipt, s.keys.Public(keyring.Receipt)) {
		return nil, fault.New(fault.Conflict, "log.key_unknown")
	}
	return st, nil
}

// readState reads what the database says of itself: fault Conflict "log.broken" if that does not hold together.
func (s *Sequencer) readState(ctx context.Context, tx bun.IDB) (*state, error) {
	last, err := Latest(ctx, tx)
	if err != nil && !fault.Is(err, fault.NotFound) {
		return nil, err
	}
	epochs, err := epochRows(ctx, tx)
	if err != nil {
		return nil, err
	}
	st := &state{last: last, epoch: currentEpoch(epochs), edge: newEdge(0, newTileReader(ctx, loadTile(tx)))}
	if last == nil {
		return st, nil
	}
	st.edge.size = last.Size
	root, err := st.edge.root()
	if err != nil || base64.StdEncoding.EncodeToString(root[:]) != last.Root {
		return nil, fault.Wrap(err, fault.Conflict, "log.broken", last.Size)
	}
	return st, nil
}

func isCurrent(rows []keyRow, kind keyring.Kind, public ed25519.PublicKey) bool {
	for _, r := range rows {
		if r.Kind == string(kind) && r.ValidTo == -1 {
			return r.Fingerprint == keyring.Fingerprint(public)
		}
	}
	return false
}
