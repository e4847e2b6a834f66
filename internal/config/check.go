package config

import (
	"net"
	"net/netip"
	"net/url"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"

	"zhilu.dev/zhilu/internal/fault"
)

// AfterApply lets kong check the settings once they are all there.
func (p *Place) AfterApply() error { return p.Check() }

// AfterApply lets kong check the settings once they are all there.
func (s *Server) AfterApply() error { return s.Check() }

// Check says whether the place can be one. It does not touch the disk.
func (p *Place) Check() error {
	if p.Data == "" {
		return missing("data")
	}
	if p.Keys == "" {
		return missing("keys")
	}
	// Who copies the data folder must not copy the keys with it (decisions §5).
	if within(p.Data, p.Keys) || within(p.Keys, p.Data) {
		return fault.New(fault.Invalid, "config.keys_apart", p.Keys, p.Data).At("keys")
	}
	if p.Database != "" {
		// The URL is never shown: it may hold a password.
		u, err := url.Parse(p.Database)
		if err != nil || (u.Scheme != "postgres" && u.Scheme != "postgresql") || strings.Trim(u.Path, "/") == "" {
			return fault.New(fault.Invalid, "config.database_url").At("database")
		}
	}
	if p.Node != "" && !nodeName.MatchString(p.Node) {
		return fault.New(fault.Invalid, "config.node", p.Node).At("node")
	}
	if p.Vault != "" {
		u, err := url.Parse(p.Vault)
		folder := err == nil && u.Scheme == "file" && u.Host == "" && strings.HasPrefix(u.Path, "/")
		bucket := err == nil && u.Scheme == "s3" && u.User == nil && u.Host != "" // keys never stand in a URL
		if !folder && !bucket {
			return fault.New(fault.Invalid, "config.vault_url").At("vault")
		}
	}
	return nil
}

var nodeName = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,62}$`)

// Check says whether the settings agree with each other and with the house's rules. It does not touch the disk or
// the network.
func (s *Server) Check() error {
	if err := s.Place.Check(); err != nil {
		return err
	}
	if err := s.checkAddress(); err != nil {
		return err
	}
	if err := s.checkPublicURL(); err != nil {
		return err
	}
	if s.Idle < MinIdle || s.Idle > MaxIdle {
		return fault.New(fault.Invalid, "config.idle", s.Idle.String(), MinIdle.String(), MaxIdle.String()).At("idle")
	}
	if err := s.checkBackup(); err != nil {
		return err
	}
	if err := s.checkTSA(); err != nil {
		return err
	}
	if s.WitnessEvery < MinWitnessEvery {
		return fault.New(fault.Invalid, "config.witness_every", s.WitnessEvery.String(), MinWitnessEvery.String()).At("witness-every")
	}
	if s.ScrubPercent < 1 || s.ScrubPercent > 100 {
		return fault.New(fault.Invalid, "config.scrub_percent", strconv.Itoa(s.ScrubPercent)).At("scrub-percent")
	}
	if s.ScrubEvery < time.Hour || s.ScrubEvery > 30*24*time.Hour {
		return fault.New(fault.Invalid, "config.scrub_every", s.ScrubEvery.String()).At("scrub-every")
	}
	if s.Reserve < MinReserve {
		return fault.New(fault.Invalid, "config.reserve", s.Reserve.String(), MinReserve.String()).At("reserve")
	}
	return nil
}

func (s *Server) checkAddress() error {
	host, port, err := net.SplitHostPort(s.Listen)
	if err != nil {
		return fault.Wrap(err, fault.Invalid, "config.listen", s.Listen).At("listen")
	}
	if _, err := strconv.ParseUint(port, 10, 16); err != nil {
		return fault.Wrap(err, fault.Invalid, "config.listen", s.Listen).At("listen")
	}
	if s.PlainHTTP {
		if s.TLSCert != "" || s.TLSKey != "" {
			return fault.New(fault.Invalid, "config.plain_with_tls").At("plain-http")
		}
		if !loopback(host) {
			return fault.New(fault.Invalid, "config.plain_off_loopback", s.Listen).At("plain-http")
		}
	}
	if s.Inner != "" {
		if host, port, err := net.SplitHostPort(s.Inner); err != nil || host == "" || port == "" || s.PlainHTTP {
			return fault.New(fault.Invalid, "config.inner", s.Inner).At("inner")
		}
	}
	if (s.TLSCert == "") != (s.TLSKey == "") {
		return fault.New(fault.Invalid, "config.tls_pair").At("tls-cert")
	}
	return nil
}

// checkPublicURL also refuses a plain public address: passwords and evidence would cross the network in the open,
// whatever stands between. An https address before a plain loopback listener is a TLS proxy on this machine.
func (s *Server) checkPublicURL() error {
	if s.PublicURL == "" {
		return nil
	}
	u, err := url.Parse(s.PublicURL)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Hostname() == "" || u.User != nil ||
		strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "" {
		return fault.New(fault.Invalid, "config.public_url", s.PublicURL).At("public-url")
	}
	if u.Scheme == "http" {
		if !s.PlainHTTP {
			return fault.New(fault.Invalid, "config.public_url_scheme", s.PublicURL).At("public-url")
		}
		if !loopback(u.Hostname()) {
			return fault.New(fault.Invalid, "config.plain_off_loopback", s.PublicURL).At("public-url")
		}
	}
	return nil
}

func (s *Server) checkBackup() error {
	if s.BackupTo == "" {
		return nil
	}
	if err := Apart(s.Place, s.BackupTo); err != nil {
		return err
	}
	if s.BackupEvery < MinBackupEvery {
		return fault.New(fault.Invalid, "config.backup_every", s.BackupEvery.String(), MinBackupEvery.String()).At("backup-every")
	}
	if _, err := time.Parse("15:04", s.BackupAt); err != nil {
		return fault.Wrap(err, fault.Invalid, "config.backup_at", s.BackupAt).At("backup-at")
	}
	return nil
}

func (s *Server) checkTSA() error {
	if s.TSA == "" {
		return nil
	}
	if u, err := url.Parse(s.TSA); err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
		return fault.New(fault.Invalid, "config.tsa", s.TSA).At("tsa")
	}
	if s.TSACA == "" { // a reply of nobody in particular proves nothing
		return missing("tsa-ca")
	}
	if s.TSAEvery < MinTSAEvery {
		return fault.New(fault.Invalid, "config.tsa_every", s.TSAEvery.String(), MinTSAEvery.String()).At("tsa-every")
	}
	return nil
}

// BackupTime is the time of day of the backup, since midnight.
func (s *Server) BackupTime() time.Duration {
	t, err := time.Parse("15:04", s.BackupAt)
	if err != nil {
		return 0 // Check has refused it
	}
	return time.Duration(t.Hour())*time.Hour + time.Duration(t.Minute())*time.Minute
}

// loopback reports whether only this machine can reach the host. An empty host is every address of the machine, and
// a name is trusted only when it is the one that standards reserve.
func loopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.Unmap().IsLoopback()
}

// within reports whether the folder child is parent or lies inside it, by their names.
func within(parent, child string) bool {
	p, err := filepath.Abs(parent)
	if err != nil {
		return false
	}
	c, err := filepath.Abs(child)
	if err != nil {
		return false
	}
	rel, err := filepath.Rel(p, c)
	return err == nil && rel != ".." && !strings.HasPrefix(rel, ".."+string(filepath.Separator))
}

// Missing is the fault of a setting that a command needs and was not given.
func Missing(name string) error { return missing(name) }

// Apart refuses a folder of backups inside the data or the keys, or around them: a copy that goes down with what it is a
// copy of is none, and keys lie in no backup that nobody asked them into.
func Apart(p Place, to string) error {
	for _, dir := range []string{p.Data, p.Keys} {
		if within(dir, to) || within(to, dir) {
			return fault.New(fault.Invalid, "config.backup_apart", to, dir).At("backup-to")
		}
	}
	return nil
}

func missing(name string) error {
	return fault.New(fault.Invalid, "config.missing", name, variable(name)).At(name)
}
