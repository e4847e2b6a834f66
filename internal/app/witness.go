package app

import (
	"zhilu.dev/zhilu/internal/app/outlook"
	"zhilu.dev/zhilu/internal/config"
	"zhilu.dev/zhilu/internal/custody/countersign"
	"zhilu.dev/zhilu/internal/custody/stamp"
)

// witnesses are the outside witnesses that the settings name.
func (h *House) witnesses(s *config.Server) (*countersign.Service, error) {
	c := countersign.Config{DB: h.DB, Gate: h.Gate, Clock: h.Clock, Log: h.Log, Every: s.WitnessEvery}
	for _, text := range s.Witness {
		p, err := countersign.ParsePeer(text)
		if err != nil {
			return nil, err
		}
		c.Peers = append(c.Peers, p)
	}
	return countersign.New(c), nil
}

// openStamps wires the time-stamping authority that the settings name, if they do.
func (h *House) openStamps() (*stamp.Service, error) {
	c := stamp.Config{DB: h.DB, Clock: h.Clock, Log: h.Log}
	if h.server != nil && h.server.TSA != "" {
		var err error
		if c.Roots, err = stamp.ReadRoots(h.server.TSACA); err != nil {
			return nil, err
		}
		c.URL = h.server.TSA
	}
	return stamp.New(c), nil
}

// outlook is what others keep of the house.
func (h *House) outlook() outlook.Outlook {
	return outlook.Outlook{DB: h.DB, Clock: h.Clock, Server: h.server}
}
