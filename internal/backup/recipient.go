package backup

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"filippo.io/age"

	"zhilu.dev/zhilu/internal/durable"
	"zhilu.dev/zhilu/internal/fault"
)

// The files of the keys folder that concern backups.
const (
	// RecipientsFile lists for whom backups are encrypted, one public key a line.
	RecipientsFile = "backup.recipients"
	// IdentityFile opens them, as long as nobody has taken it away to where backups are restored.
	IdentityFile = "backup.identity"
)

// EnsureIdentity makes an identity and its recipient where the keys folder has no recipients yet, and reports whether it did.
func EnsureIdentity(fsys durable.FS, keys string) (made bool, err error) {
	if _, err := fsys.Stat(filepath.Join(keys, RecipientsFile)); !errors.Is(err, fs.ErrNotExist) {
		return false, err
	}
	id, err := NewIdentity(fsys, filepath.Join(keys, IdentityFile))
	if err != nil {
		return false, err
	}
	return true, AddRecipient(fsys, keys, id.Recipient().String())
}

// NewIdentity makes an identity in a new file, readable by its owner only: fault Conflict "backup.identity_exists".
func NewIdentity(fsys durable.FS, path string) (*age.X25519Identity, error) {
	id, err := age.GenerateX25519Identity()
	if err != nil {
		return nil, err
	}
	text := "# Opens backups of Zhilu. Keep it away from the server and from the backups.\n# public key: " + id.Recipient().String() + "\n" + id.String() + "\n"
	err = durable.CreateFile(fsys, path, []byte(text), 0o600)
	if errors.Is(err, fs.ErrExist) {
		return nil, fault.Wrap(err, fault.Conflict, "backup.identity_exists", path)
	}
	return id, err
}

// AddRecipient adds a public key to those for whom backups are encrypted.
func AddRecipient(fsys durable.FS, keys, recipient string) error {
	path := filepath.Join(keys, RecipientsFile)
	have, err := os.ReadFile(path) //nolint:gosec // inside the keys folder the operator named
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	for line := range strings.Lines(string(have)) {
		if strings.TrimSpace(line) == recipient {
			return nil
		}
	}
	return durable.WriteFile(fsys, path, append(have, recipient+"\n"...), 0o600)
}

// ReadRecipients reads for whom backups are encrypted: fault Invalid "backup.no_recipients" where nobody is named.
func ReadRecipients(keys string) ([]age.Recipient, error) {
	text, err := os.ReadFile(filepath.Join(keys, RecipientsFile)) //nolint:gosec // see AddRecipient
	if err != nil {
		return nil, fault.Wrap(err, fault.Invalid, "backup.no_recipients", filepath.Join(keys, RecipientsFile))
	}
	list, err := age.ParseRecipients(bytes.NewReader(text))
	if err != nil || len(list) == 0 {
		return nil, fault.Wrap(err, fault.Invalid, "backup.no_recipients", filepath.Join(keys, RecipientsFile))
	}
	return list, nil
}

// ReadIdentities reads a file of identities, as age-keygen writes them too: fault Unavailable "backup.no_identity".
func ReadIdentities(path string) ([]age.Identity, error) {
	text, err := os.ReadFile(path) //nolint:gosec // the operator's own file
	if err != nil {
		return nil, fault.Wrap(err, fault.Unavailable, "backup.no_identity", path)
	}
	list, err := age.ParseIdentities(bytes.NewReader(text))
	if err != nil || len(list) == 0 {
		return nil, fault.Wrap(err, fault.Unavailable, "backup.no_identity", path)
	}
	return list, nil
}

// OneTime makes an identity for one drill and its recipient: of the kind of the others, for age mixes no two.
func OneTime(others []age.Recipient) (age.Identity, age.Recipient, error) {
	for _, o := range others {
		if _, ok := o.(*age.HybridRecipient); ok {
			id, err := age.GenerateHybridIdentity()
			if err != nil {
				return nil, nil, err
			}
			return id, id.Recipient(), nil
		}
	}
	id, err := age.GenerateX25519Identity()
	if err != nil {
		return nil, nil, err
	}
	return id, id.Recipient(), nil
}
