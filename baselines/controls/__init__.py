"""Control rows on frozen features: programs that know how worlds are drawn, and compete with nobody."""
